//! Verifying a bundle, offline: is this figure what was published, and is it made of these events?
//!
//! The file is read once, from front to back. What is held is the definitions, the lines that are
//! shown, a chain for each unit that is shown, and what the open messages fold to: less than the
//! bundle in all, and nothing that grows with the log.
//!
//! What is said to have been signed by keys that came with the bundle is vouched for by nobody, and
//! the verdict says so.
//!
//! **Invariant VER-1:** whoever changes a byte of a bundle that holds makes one that does not, and
//! a stable code says which check has failed.
//! **Invariant VER-2:** no bytes make the verifier panic, or hold more than the bundle is long.

use std::io::{self, Read};

use sha2::{Digest, Sha256};
use tonghop_core::catalogue::Catalogue;
use tonghop_wire::{CatalogueFile, catalogue_of};

use crate::bundle::{DEFINITIONS, Header, KEYS_MAX, Type};
use crate::checkpoint::Checkpoint;
use crate::closing::{Closing, hex};
use crate::note::{Kind, Note, VerifierKey};
use crate::tree::Head;

mod contributions;
pub mod json;
mod lists;
mod needed;
pub mod page;
mod refold;
mod seen;
mod shown;
mod stream;
pub mod verdict;

use lists::Lines;
use shown::Part;
use stream::{Stop, Stream, misshapen};
use verdict::{Check, Code, Signed, Verdict};

/// Bytes of a definition.
const DEFINITION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Definitions of a closing.
const DEFINITIONS_MAX: usize = 128;
/// What the name of a definition of the program goes on with after [`DEFINITIONS`]; that of any
/// other takes the place of the program's.
const OWN: &str = "own-";

/// Verifies a bundle. `keys` are those that count; if there are none, those of the bundle do.
/// `progress` hears how many bytes were read.
///
/// An error means that the file cannot be read; whatever stands in it, there is a verdict.
pub fn verify(
    from: impl Read,
    keys: &[VerifierKey],
    progress: &mut dyn FnMut(u64),
) -> Result<Verdict, io::Error> {
    let mut verdict = Verdict { is_vouched: !keys.is_empty(), ..Verdict::default() };
    match all(from, keys, progress, &mut verdict) {
        Ok(()) => {}
        Err(Stop::Failed(code, detail)) => verdict.fail(code, detail),
        Err(Stop::Io(error)) => return Err(error),
    }
    Ok(verdict)
}

fn all(
    from: impl Read,
    keys: &[VerifierKey],
    progress: &mut dyn FnMut(u64),
    verdict: &mut Verdict,
) -> Result<(), Stop> {
    let mut stream = Stream::new(from, progress)?;
    let header = stream.expect(Type::Header)?;
    let header: Header = serde_json::from_slice(&header)
        .map_err(|error| misshapen(Type::Header, &error.to_string()))?;
    verdict.figure.clone_from(&header.figure);
    let given = given_keys(&mut stream)?;
    let signed = signed(&mut stream, if keys.is_empty() { &given } else { keys }, verdict)?;
    verdict.reach(Check::Signatures);
    let catalogue = definitions(&mut stream, &signed.closing, verdict)?;
    verdict.reach(Check::Definitions);
    let lines = Lines::read(&mut stream, &signed.closing, verdict)?;
    verdict.reach(Check::Lists);
    let part = Part::read(&mut stream, signed.head, verdict)?;
    let bundle = needed::Bundle { header, closing: signed.closing, lines, catalogue };
    let needed = needed::check(&bundle, &part, verdict);
    verdict.reach(Check::Units);
    contributions::check(&mut stream, &bundle, &part, needed.as_ref(), verdict)?;
    stream.end()?;
    verdict.reach(Check::Value);
    verdict.closing = Some(bundle.closing);
    Ok(())
}

fn given_keys(stream: &mut Stream<'_, impl Read>) -> Result<Vec<VerifierKey>, Stop> {
    let mut keys: Vec<VerifierKey> = Vec::new();
    while let Some(payload) = stream.take(Type::Key)? {
        let text = std::str::from_utf8(&payload).ok();
        let key = text.and_then(|text| VerifierKey::parse(text).ok());
        let key = key.ok_or_else(|| misshapen(Type::Key, "it is no verifier key"))?;
        if keys.contains(&key) || keys.len() == KEYS_MAX {
            return Err(misshapen(Type::Key, "it is there twice, or there are too many"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// What the signatures stand for.
struct SignedBy {
    closing: Closing,
    head: Head,
}

fn signed(
    stream: &mut Stream<'_, impl Read>,
    keys: &[VerifierKey],
    verdict: &mut Verdict,
) -> Result<SignedBy, Stop> {
    let misread = |why: String| Stop::Failed(Code::ClosingMisshapen, why);
    let note = Note::decode(&stream.expect(Type::Closing)?)
        .map_err(|error| misread(format!("the closing: {error}")))?;
    let closing = Closing::parse(note.text()).map_err(|error| misread(error.to_string()))?;
    let of_logs = || keys.iter().filter(|key| key.kind() == Kind::Note);
    signers(&note, of_logs(), Signed::Closing, Code::SignatureClosing, verdict);
    let checkpoint_note = Note::decode(closing.checkpoint.as_bytes())
        .map_err(|error| misread(format!("the checkpoint: {error}")))?;
    let checkpoint = Checkpoint::decode(checkpoint_note.text())
        .map_err(|error| misread(format!("the checkpoint: {error}")))?;
    let of_log = of_logs().filter(|key| key.name() == checkpoint.origin());
    signers(&checkpoint_note, of_log, Signed::Checkpoint, Code::SignatureCheckpoint, verdict);
    let mut cosigned = checkpoint_note;
    if let Some(payload) = stream.take(Type::Witnessed)? {
        let witnessed = Note::decode(&payload)
            .map_err(|error| misshapen(Type::Witnessed, &error.to_string()))?;
        if witnessed.text() != cosigned.text() {
            let what = "what the witnesses signed is not the checkpoint of the closing";
            verdict.fail(Code::SignatureWitness, what);
        }
        let mut of_log = of_logs().filter(|key| key.name() == checkpoint.origin());
        if !of_log.any(|key| witnessed.verify(key).is_ok()) {
            let what = "the log did not sign the checkpoint that the witnesses did";
            verdict.fail(Code::SignatureWitness, what);
        }
        cosigned = witnessed;
    }
    for key in keys.iter().filter(|key| key.kind() == Kind::Cosignature) {
        match cosigned.verify(key) {
            Ok(at) => {
                let signed = Signed::Witness(at.unwrap_or_default());
                verdict.signers.push((signed, key.to_string()));
            }
            Err(error) => verdict.fail(Code::SignatureWitness, error.to_string()),
        }
    }
    let head = checkpoint.head();
    verdict.log = Some((checkpoint.origin().to_owned(), head.size, hex(&head.root)));
    verdict.closing = Some(closing.clone());
    if head.size != closing.position {
        return Err(misread(format!(
            "the closing is of position {}, its checkpoint of {}",
            closing.position, head.size
        )));
    }
    Ok(SignedBy { closing, head })
}

/// Who of these signed a note; at least one has to.
fn signers<'k>(
    note: &Note,
    keys: impl Iterator<Item = &'k VerifierKey>,
    what: Signed,
    code: Code,
    verdict: &mut Verdict,
) {
    let before = verdict.signers.len();
    let mut why = "no key that counts has its name; name one with --key".to_owned();
    for key in keys {
        match note.verify(key) {
            Ok(_) => verdict.signers.push((what, key.to_string())),
            Err(error) => why = error.to_string(),
        }
    }
    if verdict.signers.len() == before {
        verdict.fail(code, why);
    }
}

fn definitions(
    stream: &mut Stream<'_, impl Read>,
    closing: &Closing,
    verdict: &mut Verdict,
) -> Result<Option<Catalogue>, Stop> {
    let named = closing.files.iter().filter(|(name, _)| name.starts_with(DEFINITIONS));
    let (mut own, mut more) = (Vec::new(), Vec::new());
    let mut is_whole = true;
    for (count, (name, file)) in named.enumerate() {
        let Some(payload) = stream.take(Type::Definition)? else {
            verdict.fail(Code::DefinitionMissing, format!("{name} is not there"));
            return Ok(None);
        };
        let (held, content) = definition(&payload)
            .filter(|(_, content)| content.len() <= DEFINITION_BYTES_MAX)
            .filter(|_| count < DEFINITIONS_MAX)
            .ok_or_else(|| misshapen(Type::Definition, "it is no file, or too long"))?;
        if held != name {
            verdict.fail(Code::DefinitionMissing, format!("{held} stands in the place of {name}"));
            is_whole = false;
        }
        if hex(&Sha256::digest(content.as_bytes()).into()) != file.sha256
            || u64::try_from(content.len()) != Ok(file.bytes)
        {
            let what = format!("{name} is not the file that the closing names");
            verdict.fail(Code::DefinitionAltered, what);
            is_whole = false;
        }
        let name = name.strip_prefix(DEFINITIONS).unwrap_or(name);
        match name.strip_prefix(OWN) {
            Some(name) => own.push(CatalogueFile::new(name, content)),
            None => more.push(CatalogueFile::new(name, content)),
        }
    }
    if !is_whole {
        return Ok(None);
    }
    match catalogue_of(&own, &more) {
        Ok(catalogue) => Ok(Some(catalogue)),
        Err(error) => {
            verdict.fail(Code::DefinitionFaulty, error.to_string());
            Ok(None)
        }
    }
}

fn definition(payload: &[u8]) -> Option<(&str, &str)> {
    let (length, rest) = payload.split_first_chunk()?;
    let (name, content) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some((std::str::from_utf8(name).ok()?, std::str::from_utf8(content).ok()?))
}
