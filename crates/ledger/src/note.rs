//! Text that is signed: C2SP signed-note, with Ed25519 and with the cosignatures of witnesses.
//!
//! ```text
//! note            text that ends with a newline, an empty line, signatures
//! signature       "— NAME BASE64\n", BASE64 of: key id (4 bytes), signature
//! key id          the first 4 bytes of SHA-256(NAME, "\n", type: u8, public key: 32 bytes)
//! verifier key    NAME+ID+BASE64          ID in hex, BASE64 of: type, public key
//! signing key     PRIVATE+KEY+NAME+ID+BASE64          BASE64 of: type, seed: 32 bytes
//! ```
//!
//! Type 1 signs the text. Type 4 (cosignature/v1) signs `cosignature/v1\ntime T\n` and the text, and
//! its signature is T (u64, big-endian, Unix seconds) and what Ed25519 gives.
//!
//! Signatures of keys that nobody asks for are kept and count for nothing.
//!
//! **Invariant NOTE-1:** a note has one encoding, and no bytes make its decoder panic.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519, Signer as _};
use sha2::{Digest, Sha256};

/// How many bytes a note has at most; a signature that withstands quantum computers takes 5,000.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;

/// How many signatures a note has at most.
pub const SIGNATURES_MAX: usize = 100;

/// How many bytes the name of a key of ours has at most.
pub const NAME_BYTES_MAX: usize = 255;

/// The latest time that a cosignature may name.
const SECONDS_MAX: u64 = (1 << 63) - 1;

const DASH: &str = "— ";

/// Why a note or a key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The bytes are no note.
    #[error("this is not a signed note")]
    NoNote,
    /// The text is no verifier key, or its id is not that of its name and key.
    #[error("this is not a verifier key, which is written NAME+ID+KEY")]
    NoVerifierKey,
    /// The text is no signing key, or its id is not that of its name and key.
    #[error("this is not a signing key, which is written PRIVATE+KEY+NAME+ID+KEY")]
    NoSigningKey,
    /// A name that no key may have.
    #[error(
        "a key cannot be called `{0}`: 1 to {NAME_BYTES_MAX} bytes without space, plus or control character"
    )]
    Name(String),
    /// The note has no signature of the key.
    #[error("it is not signed by {0}")]
    Unsigned(String),
    /// The note has a signature of the key that does not fit its text.
    #[error("the signature of {0} is not of this text")]
    Forged(String),
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The text of a note: the key of a log.
    Note,
    /// A time and the text of a checkpoint: the key of a witness.
    Cosignature,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Note => 1,
            Self::Cosignature => 4,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [Self::Note, Self::Cosignature].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// The public half of a key, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: Kind,
    public: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Reads what `Display` writes, and nothing else.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, kind, public) = parts(text).ok_or(NoteError::NoVerifierKey)?;
        let public = ed25519_dalek::VerifyingKey::from_bytes(&public)
            .map_err(|_| NoteError::NoVerifierKey)?;
        let key = Self { name: name.to_owned(), kind, public };
        if key.to_string() == text { Ok(key) } else { Err(NoteError::NoVerifierKey) }
    }

    /// Whose key it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The key id: what a signature names it by, beside the name.
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.public.as_bytes());
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        [a, b, c, d]
    }

    /// When the text was signed, if the signature says so.
    fn signed(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, NoteError> {
        let forged = || NoteError::Forged(self.to_string());
        let (at, signature, message) = match self.kind {
            Kind::Note => (None, signature, text.to_owned()),
            Kind::Cosignature => {
                let (seconds, signature) = signature.split_first_chunk().ok_or_else(forged)?;
                let seconds = u64::from_be_bytes(*seconds);
                if seconds > SECONDS_MAX {
                    return Err(forged());
                }
                (Some(seconds), signature, cosigned(seconds, text))
            }
        };
        let signature = Ed25519::from_slice(signature).map_err(|_| forged())?;
        let fits = self.public.verify_strict(message.as_bytes(), &signature);
        fits.map(|()| at).map_err(|_| forged())
    }
}

/// As everybody may read it: `NAME+ID+KEY`.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self, self.public.as_bytes()))
    }
}

/// The secret half of a key: whoever has it speaks for the name.
pub struct SigningKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Of 32 bytes that nobody can guess.
    pub fn new(name: &str, kind: Kind, seed: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) || name.len() > NAME_BYTES_MAX {
            return Err(NoteError::Name(name.to_owned()));
        }
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = secret.verifying_key();
        Ok(Self { verifier: VerifierKey { name: name.to_owned(), kind, public }, secret })
    }

    /// Reads what `secret` writes, and nothing else.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or(NoteError::NoSigningKey)?;
        let (name, kind, seed) = parts(rest).ok_or(NoteError::NoSigningKey)?;
        let key = Self::new(name, kind, &seed)?;
        if key.secret() == text { Ok(key) } else { Err(NoteError::NoSigningKey) }
    }

    /// The secret as text: for the file of the key, and for nothing else.
    pub fn secret(&self) -> String {
        format!("PRIVATE+KEY+{}", written(&self.verifier, self.secret.as_bytes()))
    }

    /// What others verify with.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature of a text; `seconds` is when, if it is that of a witness.
    fn sign(&self, text: &str, seconds: Option<u64>) -> Signature {
        let mut bytes = Vec::new();
        let message = match seconds {
            None => text.to_owned(),
            Some(seconds) => {
                bytes.extend(seconds.to_be_bytes());
                cosigned(seconds, text)
            }
        };
        bytes.extend(self.secret.sign(message.as_bytes()).to_bytes());
        Signature { name: self.verifier.name.clone(), id: self.verifier.id(), bytes }
    }
}

/// Whose key it is, and nothing of the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// A line of a note: who says to have signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(bytes).ok()?;
        let (id, bytes) = bytes.split_first_chunk()?;
        let whole = is_name(name) && !bytes.is_empty();
        whole.then(|| Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }

    fn is_of(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = STANDARD.encode([self.id.as_slice(), &self.bytes].concat());
        write!(f, "{DASH}{} {bytes}", self.name)
    }
}

/// A text and who says to have signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Of a text that nobody has signed yet; it ends with a newline.
    pub fn new(text: String) -> Result<Self, NoteError> {
        let whole = text.ends_with('\n') && !text.contains(is_control);
        if whole { Ok(Self { text, signatures: Vec::new() }) } else { Err(NoteError::NoNote) }
    }

    /// Reads what `Display` writes of a signed note, and nothing else. It verifies nothing.
    pub fn decode(bytes: &[u8]) -> Result<Self, NoteError> {
        let note = (bytes.len() <= NOTE_BYTES_MAX).then_some(bytes).ok_or(NoteError::NoNote)?;
        let note = str::from_utf8(note).map_err(|_| NoteError::NoNote)?;
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::NoNote)?;
        let mut note = Self::new(format!("{text}\n"))?;
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::NoNote)?;
        if lines.split('\n').count() > SIGNATURES_MAX {
            return Err(NoteError::NoNote);
        }
        let lines = lines.split('\n').map(Signature::parse);
        note.signatures = lines.collect::<Option<_>>().ok_or(NoteError::NoNote)?;
        Ok(note)
    }

    /// The text, with its last newline. Nobody said it until [`Note::verify`] says so.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The note with the signatures of this key alone: whoever signs what a stranger hands in does
    /// not pass on what else is in it.
    #[must_use]
    pub fn signed_by(&self, key: &VerifierKey) -> Self {
        let of_key = self.signatures.iter().filter(|signature| signature.is_of(key));
        Self { text: self.text.clone(), signatures: of_key.cloned().collect() }
    }

    /// Signs the text with the key of a log, in place of a signature that it gave before.
    ///
    /// # Panics
    /// If the key is that of a witness.
    pub fn sign(&mut self, key: &SigningKey) {
        assert_eq!(key.verifier.kind, Kind::Note, "a log signs with a key of its own kind");
        self.add(key, None);
    }

    /// Signs the text, a checkpoint, as a witness that saw it at a time, in Unix seconds.
    ///
    /// # Panics
    /// If the key is not that of a witness, or the time is beyond 2^63.
    pub fn cosign(&mut self, key: &SigningKey, seconds: u64) {
        assert_eq!(key.verifier.kind, Kind::Cosignature, "a witness signs with a key of its kind");
        assert!(seconds <= SECONDS_MAX, "a time has 63 bits");
        self.add(key, Some(seconds));
    }

    /// Whether the key signed the text, and when if its signature says so.
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<u64>, NoteError> {
        let mut signed = None;
        for signature in self.signatures.iter().filter(|signature| signature.is_of(key)) {
            signed = signed.max(Some(key.signed(&self.text, &signature.bytes)?));
        }
        signed.ok_or_else(|| NoteError::Unsigned(key.to_string()))
    }

    fn add(&mut self, key: &SigningKey, seconds: Option<u64>) {
        self.signatures.retain(|signature| !signature.is_of(&key.verifier));
        self.signatures.push(key.sign(&self.text, seconds));
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// What a witness signs.
fn cosigned(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// Name, kind and 32 bytes of `NAME+ID+KEY`; the id is for the caller to compare.
fn parts(text: &str) -> Option<(&str, Kind, [u8; 32])> {
    let (name, rest) = text.split_once('+')?;
    let (_, key) = rest.split_once('+')?;
    let key = (key.len() <= 44).then(|| STANDARD.decode(key).ok())??;
    let (kind, key) = key.split_first()?;
    is_name(name).then_some(())?;
    Some((name, Kind::of(*kind)?, key.try_into().ok()?))
}

fn written(key: &VerifierKey, bytes: &[u8; 32]) -> String {
    let bytes = STANDARD.encode([&[key.kind.byte()], bytes.as_slice()].concat());
    format!("{}+{:08x}+{bytes}", key.name, u32::from_be_bytes(key.id()))
}

fn is_name(name: &str) -> bool {
    let odd = |letter: char| letter.is_whitespace() || letter == '+' || is_control(letter);
    !name.is_empty() && !name.contains(odd)
}

/// What no note may hold; a newline it may.
fn is_control(letter: char) -> bool {
    letter < ' ' && letter != '\n'
}

#[cfg(test)]
mod tests;
