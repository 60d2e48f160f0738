//! The sample as a file, and its lines as messages of the log.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use tonghop_core::day::Instant;
use tonghop_core::fold::Message;
use tonghop_node::nats::Raw;
use tonghop_node::sample::{self, Options, Scale};
use tonghop_wire::Decoder;

/// The seed of the sample; it changes no figure.
const SEED: u64 = 1;
/// When the bench says its messages were stored: after everything in the sample, 2021-10-01.
const RECORDED_MS: i64 = 1_633_046_400_000;

/// The sample in a file.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) path: PathBuf,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
}

impl Sample {
    /// Writes it.
    pub(crate) fn write(dir: &Path, scale: Scale) -> anyhow::Result<Self> {
        let path = dir.join("sample.ndjson");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let written = sample::write(&Options { scale, seed: SEED }, &mut out)?;
        Ok(Self { path, events: written.total(), bytes: written.bytes })
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> anyhow::Result<impl Iterator<Item = std::io::Result<String>>> {
        Ok(BufReader::with_capacity(1 << 20, File::open(&self.path)?).lines())
    }
}

/// A line as the message that the log delivers, as if it had been stored after the whole sample.
pub(crate) fn message(position: u64, line: String) -> anyhow::Result<Raw> {
    let subject = tonghop_wire::route(line.as_bytes())
        .map_err(|refused| anyhow::anyhow!("the sample has a line without a subject: {refused}"))?;
    let payload = line.into_bytes().into();
    let (subject, headers) = (subject.into(), None);
    Ok(Raw { position, recorded_ms: RECORDED_MS, subject, headers, payload })
}

/// Decodes a message of the bench, which has no headers.
pub(crate) fn decode(decoder: &mut Decoder, raw: &Raw) -> Message {
    let said = decoder.decode(&tonghop_wire::Raw {
        subject: raw.subject.as_str(),
        headers: &[],
        payload: &raw.payload,
    });
    let recorded = Instant::from_unix_ms(raw.recorded_ms);
    Message { position: raw.position, recorded, said: said.map_err(|refused| refused.refusal) }
}

/// The family of a message: the token before the last of its subject.
pub(crate) fn family(raw: &Raw) -> &str {
    raw.subject.rsplit('.').nth(1).unwrap_or_default()
}

/// The line as another event of another subject, which agencies might send as well.
pub(crate) fn twin(line: &str) -> String {
    let mut twin = line.to_owned();
    for name in ["id", "subject", "replaces"] {
        let begin = format!("\"{name}\":\"");
        if let Some((before, rest)) = twin.split_once(&begin)
            && let Some((value, after)) = rest.split_once('"')
        {
            twin = format!("{before}{begin}{value}x\"{after}");
        }
    }
    twin
}
