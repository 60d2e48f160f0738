//! The records of a bundle, one ahead.

use std::io::{self, Read};

use super::verdict::Code;
use crate::bundle::{BundleError, Records, Type};

/// Why verifying cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The file cannot be read.
    Io(io::Error),
    /// What follows cannot be made sense of.
    Failed(Code, String),
}

impl From<BundleError> for Stop {
    fn from(error: BundleError) -> Self {
        let code = match &error {
            BundleError::Magic => Code::FormatMagic,
            BundleError::Io(_) | BundleError::Truncated => Code::FormatTruncated,
            BundleError::Long(_) | BundleError::Type(_) => Code::FormatRecord,
        };
        if let BundleError::Io(error) = error {
            return Self::Io(error);
        }
        Self::Failed(code, error.to_string())
    }
}

/// The records, of which one was looked at.
pub(super) struct Stream<'p, R> {
    records: Records<R>,
    ahead: Option<(Type, Vec<u8>)>,
    /// Hears how many bytes were read.
    progress: &'p mut dyn FnMut(u64),
}

impl<'p, R: Read> Stream<'p, R> {
    pub(super) fn new(from: R, progress: &'p mut dyn FnMut(u64)) -> Result<Self, Stop> {
        let mut stream = Self { records: Records::new(from)?, ahead: None, progress };
        stream.advance()?;
        Ok(stream)
    }

    fn advance(&mut self) -> Result<(), Stop> {
        (self.progress)(self.records.read());
        self.ahead = self.records.take()?.map(|(kind, payload)| (kind, payload.to_vec()));
        Ok(())
    }

    /// The next record, if it is of this type.
    pub(super) fn take(&mut self, kind: Type) -> Result<Option<Vec<u8>>, Stop> {
        if self.ahead.as_ref().is_none_or(|(held, _)| *held != kind) {
            return Ok(None);
        }
        let taken = self.ahead.take().map(|(_, payload)| payload);
        self.advance()?;
        Ok(taken)
    }

    /// The next record, which has to be of this type.
    pub(super) fn expect(&mut self, kind: Type) -> Result<Vec<u8>, Stop> {
        match self.take(kind)? {
            Some(payload) => Ok(payload),
            None => Err(self.out_of_order(&format!("{kind:?}"))),
        }
    }

    /// The next record as text, which has to be of this type.
    pub(super) fn expect_text(&mut self, kind: Type) -> Result<String, Stop> {
        String::from_utf8(self.expect(kind)?).map_err(|_| misshapen(kind, "it is not UTF-8"))
    }

    /// The end: nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        let rest = self.expect(Type::End)?;
        if rest.is_empty() && self.ahead.is_none() {
            return Ok(());
        }
        let why = "something follows the end of the bundle".to_owned();
        Err(Stop::Failed(Code::FormatTrailing, why))
    }

    fn out_of_order(&self, wanted: &str) -> Stop {
        match &self.ahead {
            None => {
                let why = format!("the file ends where a record {wanted} has to stand");
                Stop::Failed(Code::FormatTruncated, why)
            }
            Some((held, _)) => {
                let why = format!("a record {held:?} stands where {wanted} has to stand");
                Stop::Failed(Code::FormatOrder, why)
            }
        }
    }
}

pub(super) fn misshapen(kind: Type, why: &str) -> Stop {
    Stop::Failed(Code::FormatPayload, format!("a record {kind:?}: {why}"))
}
