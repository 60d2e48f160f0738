//! A proof in a file of its own: C2SP tlog-proof, for whoever has the leaf and the keys.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra BASE64                what its maker adds, proved by nothing; the line may be absent
//! index N                     of the leaf: its position less one
//! BASE64 …                    the hashes of the path, one a line, the leaf's sibling first
//!
//! the checkpoint, signed      as it is in a file of its own
//! ```
//!
//! **Invariant PRF-1:** a proof has one encoding, and no bytes make its decoder panic.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, CheckpointError, hash};
use crate::note::{NOTE_BYTES_MAX, Note, VerifierKey};
use crate::tree::{Hash, PATH_HASHES_MAX, Unproven, verify_inclusion};

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1\n";

/// How many bytes may be added as `extra`.
pub const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// How many bytes a proof has at most.
pub const PROOF_BYTES_MAX: usize = 2 * EXTRA_BYTES_MAX + NOTE_BYTES_MAX;

const _: () = assert!(EXTRA_BYTES_MAX / 3 * 4 + 45 * PATH_HASHES_MAX + 1000 < 2 * EXTRA_BYTES_MAX);

/// That a leaf is in the tree of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What its maker adds; it is proved by nothing.
    pub extra: Vec<u8>,
    /// The index of the leaf.
    pub index: u64,
    /// From the leaf's sibling up.
    pub path: Vec<Hash>,
    /// The checkpoint, with all its signatures.
    pub checkpoint: Note,
}

/// Why a proof is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The bytes are no proof.
    #[error("this is not a proof of a log (c2sp.org/tlog-proof@v1)")]
    NoProof,
    /// The checkpoint in it is none of the log.
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the leaf to the root of the checkpoint.
    #[error("the leaf is not the one at index {0} of the checkpoint in it")]
    Unproven(u64),
}

impl Proof {
    /// Reads what `Display` writes, and nothing else. It verifies nothing.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let text = (bytes.len() <= PROOF_BYTES_MAX).then(|| str::from_utf8(bytes).ok());
        let text = text.flatten().ok_or(ProofError::NoProof)?;
        let proof = Self::read(text).ok_or(ProofError::NoProof)?;
        if proof.to_string() == text { Ok(proof) } else { Err(ProofError::NoProof) }
    }

    fn read(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.strip_prefix(HEADER)?.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = match extra.and_then(|line| line.strip_prefix("extra ")) {
            Some(line) => STANDARD.decode(line).ok()?,
            None => Vec::new(),
        };
        let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
        // One more than there may be, so that a long path costs no more than a short one.
        let path: Option<Vec<Hash>> = lines.take(PATH_HASHES_MAX + 1).map(hash).collect();
        let path = path.filter(|path| path.len() <= PATH_HASHES_MAX)?;
        let checkpoint = Note::decode(checkpoint.as_bytes()).ok()?;
        (extra.len() <= EXTRA_BYTES_MAX).then_some(Self { extra, index, path, checkpoint })
    }

    /// Whether `leaf`, the hash of a leaf, is what stands at the index in the log of the key.
    pub fn verify(&self, leaf: &Hash, log: &VerifierKey) -> Result<Checkpoint, ProofError> {
        let (checkpoint, _) = Checkpoint::open(self.checkpoint.to_string().as_bytes(), log)?;
        match verify_inclusion(leaf, self.index, &checkpoint.head(), &self.path) {
            Ok(()) => Ok(checkpoint),
            Err(Unproven) => Err(ProofError::Unproven(self.index)),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        if !self.extra.is_empty() {
            writeln!(f, "extra {}", STANDARD.encode(&self.extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
