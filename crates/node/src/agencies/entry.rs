//! One agency of the registry, and how the file writes it.

use std::fmt;

use serde::{Deserialize, Serialize};
use tonghop_core::day::{Day, Instant};
use tonghop_core::unit_code::UnitCode;

use super::Fingerprint;

/// Who a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The reform office (phòng CCHC): it sends what was refused again, and publishes nothing of
    /// its own.
    Office,
    /// An agency: it publishes events of this unit.
    Unit(UnitCode),
}

impl Holder {
    /// `H41.16`, `000.00.16.H41` or `office`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "office" {
            return Some(Self::Office);
        }
        UnitCode::parse(text).map(Self::Unit)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Office => f.write_str("office"),
            Self::Unit(unit) => write!(f, "{unit}"),
        }
    }
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What is known of the secret.
    pub fingerprint: Fingerprint,
    /// The local day on which it was made.
    pub created: Day,
    /// From when on it lets nobody in any more.
    pub ends: Option<Instant>,
}

impl Held {
    /// Whether it lets its holder in.
    pub fn holds(&self, now: Instant) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }
}

/// An agency with its tokens, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Who.
    pub holder: Holder,
    /// What people call it.
    pub label: Option<String>,
    /// Its tokens; those that ended stay until the next is made.
    pub tokens: Vec<Held>,
}

/// An agency in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    holder: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    tokens: Vec<WrittenToken>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenToken {
    sha256: String,
    created_on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<String>,
}

impl Agency {
    /// Forgets the tokens that let nobody in any more.
    pub(super) fn forget_ended(&mut self, now: Instant) {
        self.tokens.retain(|held| held.holds(now));
    }

    pub(super) fn written(&self) -> Written {
        let tokens = self.tokens.iter().map(|held| WrittenToken {
            sha256: held.fingerprint.as_str().to_owned(),
            created_on: held.created.to_string(),
            ends_at: held.ends.map(|ends| ends.to_string()),
        });
        Written {
            holder: self.holder.to_string(),
            label: self.label.clone(),
            tokens: tokens.collect(),
        }
    }

    pub(super) fn read(written: &Written) -> Result<Self, String> {
        let bad = |what: &str| format!("{}: {what}", written.holder);
        let holder = Holder::parse(&written.holder)
            .ok_or_else(|| bad("the holder is neither a unit's code nor office"))?;
        let mut tokens = Vec::with_capacity(written.tokens.len());
        for token in &written.tokens {
            let ends = match &token.ends_at {
                Some(text) => {
                    Some(Instant::parse(text).ok_or_else(|| bad("endsAt is no instant"))?)
                }
                None => None,
            };
            tokens.push(Held {
                fingerprint: Fingerprint::parse(&token.sha256)
                    .ok_or_else(|| bad("sha256 is not 64 hexadecimal digits"))?,
                created: Day::parse(&token.created_on).ok_or_else(|| bad("createdOn is no day"))?,
                ends,
            });
        }
        Ok(Self { holder, label: written.label.clone(), tokens })
    }
}
