//! The lines of a file on their way to the log: NDJSON as it is, CSV rows made into NDJSON.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use anyhow::Context;
use async_nats::Subject;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::csv_lines;
use crate::nats::streams::EVENT_MAX;

/// The most bytes of a line; a longer one cannot be sent.
const LINE_BYTES_MAX: u32 = 400 * 1024;
const _: () = assert!(LINE_BYTES_MAX < EVENT_MAX.unsigned_abs());

/// A place in a file: what is before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bytes: u64,
    pub(super) lines: u64,
}

/// A line that has no subject to be sent under.
#[derive(Debug)]
pub(super) struct Unsendable {
    place: Place,
    what: String,
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: not sent: {}", self.place.lines, self.what)
    }
}

/// A line.
#[derive(Debug)]
pub(super) enum Line {
    /// It can be sent; `place` is after it.
    Event { place: Place, subject: Subject, payload: Bytes },
    /// It cannot.
    Unsendable(Unsendable),
}

impl Line {
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Event { place, .. } | Self::Unsendable(Unsendable { place, .. }) => *place,
        }
    }

    /// Makes a line ready.
    pub(super) fn new(place: Place, payload: Vec<u8>) -> Self {
        match tonghop_wire::route(&payload) {
            Ok(subject) => Self::Event { place, subject: subject.into(), payload: payload.into() },
            Err(refused) => Self::unsendable(place, refused.to_string()),
        }
    }

    pub(super) fn unsendable(place: Place, what: String) -> Self {
        Self::Unsendable(Unsendable { place, what })
    }
}

/// Reads the file from the place on, line by line, into the channel.
pub(super) fn read(path: &Path, from: Place, lines: &mpsc::Sender<Line>) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return read_lines(&mut io::stdin().lock(), from, lines).context("standard input");
    }
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return csv_lines::read(file, from, lines).with_context(|| path.display().to_string());
    }
    file.seek(SeekFrom::Start(from.bytes))?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    read_lines(&mut file, from, lines).with_context(|| path.display().to_string())
}

fn read_lines(
    input: &mut impl BufRead,
    mut place: Place,
    lines: &mpsc::Sender<Line>,
) -> io::Result<()> {
    loop {
        let mut line = Vec::with_capacity(512);
        let mut limited = io::Read::take(&mut *input, u64::from(LINE_BYTES_MAX) + 1);
        let read = limited.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        place.bytes += u64::try_from(read).unwrap_or(0);
        place.lines += 1;
        let too_long = !line.ends_with(b"\n") && limited.limit() == 0;
        if too_long {
            place.bytes += skip_line(input)?;
        }
        while line.last().is_some_and(u8::is_ascii_whitespace) {
            line.pop();
        }
        if line.is_empty() {
            continue;
        }
        let ready = if too_long {
            Line::unsendable(place, format!("size.exceeded bytes_max={LINE_BYTES_MAX}"))
        } else {
            Line::new(place, line)
        };
        if lines.blocking_send(ready).is_err() {
            return Ok(());
        }
    }
}

/// Drops the rest of a line; answers how many bytes.
fn skip_line(input: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = input.fill_buf()?;
        let (used, found) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(place) => (place + 1, true),
            None => (buffer.len(), false),
        };
        input.consume(used);
        skipped += u64::try_from(used).unwrap_or(0);
        if found || used == 0 {
            return Ok(skipped);
        }
    }
}
