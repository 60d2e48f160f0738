//! A key for NATS: an Ed25519 pair in the form that every NATS client knows (nkey).
//!
//! The seed goes to a file of its owner, once; the registry knows the public half alone.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use nkeys::{KeyPair, KeyPairType};

use super::{AgenciesError, io_error, private};

/// Characters of a public key as it is shown.
const SHOWN_CHARS: usize = 12;

/// The secret half. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Seed {
    text: String,
    public: PublicKey,
}

impl Seed {
    /// A new one, of a user.
    pub fn new() -> Result<Self, AgenciesError> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(AgenciesError::NoRandomness)?;
        let pair = KeyPair::new_from_raw(KeyPairType::User, bytes);
        let made = pair.and_then(|pair| Ok((pair.seed()?, pair.public_key())));
        let (text, public) = made.map_err(|error| AgenciesError::Key(error.to_string()))?;
        Ok(Self { text, public: PublicKey(public) })
    }

    /// The text that a client signs with.
    pub fn secret(&self) -> &str {
        &self.text
    }

    /// The other half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seed({}, …)", self.public.short())
    }
}

/// The public half, `U` and 55 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(String);

impl PublicKey {
    /// Of what a registry holds.
    pub fn parse(text: &str) -> Option<Self> {
        let pair = KeyPair::from_public_key(text).ok()?;
        matches!(pair.key_pair_type(), KeyPairType::User).then(|| Self(text.to_owned()))
    }

    /// All of it, as nats-server knows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As much of it as a person needs to tell two apart.
    pub fn short(&self) -> String {
        self.0.chars().take(SHOWN_CHARS).collect()
    }
}

/// Writes the seed to a new file that its owner alone can read.
pub fn keep(seed: &Seed, path: &Path) -> Result<(), AgenciesError> {
    keep_secret(seed.secret(), path).map_err(io_error(path))
}

/// Writes a secret to a new file that its owner alone can read; one that is there stays as it is.
pub fn keep_secret(secret: &str, path: &Path) -> io::Result<()> {
    let mut file = private().create_new(true).open(path)?;
    let written = writeln!(file, "{secret}").and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        fs::remove_file(path).ok();
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_never_the_same_and_not_shown() {
        let (one, other) = (Seed::new().unwrap(), Seed::new().unwrap());
        assert!(one.secret().starts_with("SU") && one.secret() != other.secret());
        assert!(!format!("{one:?}").contains(one.secret()));
        let pair = KeyPair::from_seed(one.secret()).unwrap();
        assert_eq!(pair.public_key(), one.public().as_str());
        assert_eq!(PublicKey::parse(one.public().as_str()).as_ref(), Some(one.public()));
        let account = KeyPair::new_account().public_key();
        for bad in ["", "U", one.secret(), &account, &one.public().as_str().to_lowercase()] {
            assert_eq!(PublicKey::parse(bad), None, "{bad}");
        }
    }
}
