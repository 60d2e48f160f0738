//! The lines of a file on their way to the log: NDJSON as it is, rows of tables made into NDJSON.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use anyhow::Context;
use async_nats::Subject;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::import::{Fault, Import, Made, Role};
use super::rows;
use crate::nats::Identity;
use crate::nats::streams::EVENT_MAX;
use crate::table::{self, TableError};

/// The most bytes of a line; a longer one cannot be sent.
pub(super) const LINE_BYTES_MAX: u32 = 400 * 1024;
const _: () = assert!(LINE_BYTES_MAX < EVENT_MAX.unsigned_abs());

/// What some programs write at the beginning of a file of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A place in a file: what is before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bytes: u64,
    pub(super) lines: u64,
    /// The line that it is the place of; not always the last one before it.
    pub(super) row: u64,
}

/// A line that has no subject to be sent under.
#[derive(Debug)]
pub(super) struct Unsendable {
    place: Place,
    fault: Fault,
}

impl Unsendable {
    pub(super) fn new(place: Place, fault: Fault) -> Self {
        Self { place, fault }
    }

    /// Its number in the file, from 1.
    pub(super) fn line(&self) -> u64 {
        self.place.row
    }

    /// Why it is not sent.
    pub(super) fn fault(&self) -> &Fault {
        &self.fault
    }
}

/// A file that is not one event a line, as its beginning shows.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotLines {
    #[error("the file begins with `[`: one event a line is expected (`jq -c '.[]'` makes it so)")]
    Array,
    #[error(
        "the file's first event goes on over several lines: one event a line is expected \
         (`jq -c .` makes it so)"
    )]
    Pretty,
    #[error(
        "line {line} is no JSON object, and the lines behind it were not read: a file of events \
         (NDJSON) has one CloudEvent in JSON on each line, and a table has a name that ends in \
         .csv or .xlsx{looks}"
    )]
    Foreign { line: u64, looks: &'static str },
    #[error(transparent)]
    Table(TableError),
    /// What is wrong with the headings of a table.
    #[error("{0}")]
    Heads(String),
}

impl NotLines {
    /// Why the first line of a file that is not empty is no event.
    fn of(first: &[u8], line: u64) -> Option<Self> {
        match first.trim_ascii() {
            b"{" => Some(Self::Pretty),
            [b'[', ..] => Some(Self::Array),
            [b'{', ..] => None,
            [b'P', b'K', 3, 4, ..] => {
                let looks = "; this one is a ZIP file, as documents of Word and workbooks are";
                Some(Self::Foreign { line, looks })
            }
            _ => Some(Self::Foreign { line, looks: "" }),
        }
    }
}

/// A line.
#[derive(Debug)]
pub(super) enum Line {
    /// It can be sent; `place` is after it.
    Event { place: Place, subject: Subject, payload: Bytes, role: Role },
    /// It cannot.
    Unsendable(Unsendable),
}

impl Line {
    pub(super) fn place(&self) -> Place {
        match self {
            Self::Event { place, .. } | Self::Unsendable(Unsendable { place, .. }) => *place,
        }
    }

    /// Makes an event ready.
    pub(super) fn new(place: Place, Made { payload, role }: Made) -> Self {
        match tonghop_wire::route(&payload) {
            Ok(subject) => {
                Self::Event { place, subject: subject.into(), payload: payload.into(), role }
            }
            Err(refused) => Self::unsendable(place, refused.to_string()),
        }
    }

    /// The line, unless the server would not take it from this identity.
    pub(super) fn unless_denied(self, who: &Identity) -> Self {
        match &self {
            Self::Event { place, subject, .. } => match who.why_not(subject) {
                Some(why) => Self::unsendable(*place, why),
                None => self,
            },
            Self::Unsendable(_) => self,
        }
    }

    pub(super) fn too_long(place: Place) -> Self {
        Self::unsendable(place, format!("size.exceeded (bytes_max: {LINE_BYTES_MAX})"))
    }

    pub(super) fn unsendable(place: Place, what: String) -> Self {
        Self::faulty(place, Fault { what, ..Fault::default() })
    }

    pub(super) fn faulty(place: Place, fault: Fault) -> Self {
        Self::Unsendable(Unsendable::new(place, fault))
    }
}

/// Reads the file from the place on, line by line, into the channel; a table by the mapping, if
/// there is one.
pub(super) fn read(
    path: &Path,
    from: Place,
    import: Option<&Import>,
    lines: &mpsc::Sender<Line>,
) -> anyhow::Result<()> {
    if path == Path::new("-") {
        return read_lines(&mut io::stdin().lock(), from, lines).context("standard input");
    }
    if table::is_table(path) {
        return rows::read(path, from, import, lines).with_context(|| path.display().to_string());
    }
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    file.seek(SeekFrom::Start(from.bytes))?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    read_lines(&mut file, from, lines).with_context(|| path.display().to_string())
}

fn read_lines(
    input: &mut impl BufRead,
    mut place: Place,
    lines: &mpsc::Sender<Line>,
) -> anyhow::Result<()> {
    let mut is_first = place == Place::default();
    loop {
        let mut line = Vec::with_capacity(512);
        let mut limited = io::Read::take(&mut *input, u64::from(LINE_BYTES_MAX) + 1);
        let read = limited.read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        place.bytes += u64::try_from(read).unwrap_or(0);
        place.lines += 1;
        place.row = place.lines;
        if place.lines == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
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
        if std::mem::take(&mut is_first)
            && let Some(not_lines) = NotLines::of(&line, place.lines)
        {
            return Err(not_lines.into());
        }
        let made = Made { payload: line, role: Role::Itself };
        let ready = if too_long { Line::too_long(place) } else { Line::new(place, made) };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &[u8]) -> anyhow::Result<Vec<Line>> {
        let (lines, mut received) = mpsc::channel(64);
        read_lines(&mut &*text, Place::default(), &lines)?;
        drop(lines);
        Ok(std::iter::from_fn(|| received.blocking_recv()).collect())
    }

    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/H41.16/igate","type":"vn.tonghop.dossier.returned.v1","subject":"a","time":"2021-09-06T08:30:00+07:00","unit":"H41.16","data":{"channel":"DIRECT"}}"#;

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_event() {
        for before in ["", "\u{feff}", "\u{feff}\n", "\n"] {
            let lines = read_all(format!("{before}{EVENT}\n").as_bytes()).unwrap();
            assert!(
                matches!(lines.as_slice(), [Line::Event { payload, .. }] if payload == EVENT),
                "{before:?}: {lines:?}"
            );
        }
        let later = read_all(format!("{EVENT}\n\u{feff}{EVENT}\n").as_bytes()).unwrap();
        assert!(matches!(later.as_slice(), [Line::Event { .. }, Line::Unsendable(_)]), "{later:?}");
    }

    #[test]
    fn a_file_that_is_not_lines_is_told_in_one_sentence() {
        for (text, says) in [
            (format!("[{EVENT},\n{EVENT}]"), "jq -c '.[]'"),
            (format!("\u{feff}\n  [\n{EVENT}\n]"), "jq -c '.[]'"),
            ("{\n  \"specversion\": \"1.0\"\n}".to_owned(), "jq -c ."),
            ("\n\n2021-09-06 08:30:00 INFO started\nand so on\n".to_owned(), "line 3 is no JSON"),
            ("PK\u{3}\u{4}\u{14}\nword/document.xml".to_owned(), "this one is a ZIP file"),
            (format!("id,source\n{EVENT}"), "ends in .csv or .xlsx"),
        ] {
            let error = read_all(text.as_bytes()).unwrap_err();
            assert!(error.is::<NotLines>() && error.to_string().contains(says), "{error}");
        }
        assert_eq!(read_all(format!("{EVENT}\n[\n{{\n").as_bytes()).unwrap().len(), 3);
    }
}
