//! One agency of the registry, and how the file writes it.

use std::fmt;

use serde::{Deserialize, Serialize};
use tonghop_core::day::{Day, Instant};
use tonghop_core::unit_code::UnitCode;

use super::{Fingerprint, PublicKey};

/// Who a token or a key of NATS belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// The reform office (phòng CCHC): it publishes the families that are its own, and sends what
    /// was refused again.
    Office,
    /// Reads the log, and writes nothing.
    Auditor,
    /// Folds the log: it writes refusals, and no events.
    Projector,
    /// Publishes what agencies send over HTTP.
    Gateway,
    /// Makes the streams, and the consumers by which agencies read their refusals.
    Provisioner,
    /// An agency: it publishes events of this unit.
    Unit(UnitCode),
}

/// The holders that are no agencies, and their names.
const ROLES: [(Holder, &str); 5] = [
    (Holder::Office, "office"),
    (Holder::Auditor, "auditor"),
    (Holder::Projector, "projector"),
    (Holder::Gateway, "gateway"),
    (Holder::Provisioner, "provisioner"),
];

impl Holder {
    /// `H41.16`, `000.00.16.H41`, `office` or another role.
    pub fn parse(text: &str) -> Option<Self> {
        Self::role(text).or_else(|| UnitCode::parse(text).map(Self::Unit))
    }

    /// The holder of this name that is no agency.
    pub fn role(name: &str) -> Option<Self> {
        ROLES.iter().find(|(_, other)| *other == name).map(|(holder, _)| *holder)
    }

    /// The unit, of an agency.
    pub fn unit(self) -> Option<UnitCode> {
        if let Self::Unit(unit) = self { Some(unit) } else { None }
    }

    /// Whether it may have tokens for HTTP; the others speak to NATS alone.
    pub fn speaks_http(self) -> bool {
        matches!(self, Self::Office | Self::Unit(_))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Unit(unit) = self {
            return f.pad(unit.as_str());
        }
        let role = ROLES.iter().find(|(holder, _)| holder == self);
        f.pad(role.map_or("unknown", |(_, name)| *name))
    }
}

/// A token or a key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<T> {
    /// What is known of the secret.
    pub known: T,
    /// The local day on which it was made.
    pub created: Day,
    /// From when on it lets nobody in any more.
    pub ends: Option<Instant>,
}

impl<T> Held<T> {
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
    pub tokens: Vec<Held<Fingerprint>>,
    /// Its keys for NATS, likewise.
    pub keys: Vec<Held<PublicKey>>,
}

/// An agency in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    holder: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    tokens: Vec<WrittenToken>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keys: Vec<WrittenKey>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenToken {
    sha256: String,
    created_on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenKey {
    nkey: String,
    created_on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<String>,
}

impl Agency {
    /// One without tokens and keys.
    pub(super) fn new(holder: Holder) -> Self {
        Self { holder, label: None, tokens: Vec::new(), keys: Vec::new() }
    }

    /// How many tokens and how many keys hold.
    pub fn held(&self, now: Instant) -> (usize, usize) {
        let tokens = self.tokens.iter().filter(|held| held.holds(now)).count();
        (tokens, self.keys.iter().filter(|held| held.holds(now)).count())
    }

    /// Forgets the tokens and keys that let nobody in any more.
    pub(super) fn forget_ended(&mut self, now: Instant) {
        self.tokens.retain(|held| held.holds(now));
        self.keys.retain(|held| held.holds(now));
    }

    pub(super) fn written(&self) -> Written {
        let tokens = self.tokens.iter().map(|held| WrittenToken {
            sha256: held.known.as_str().to_owned(),
            created_on: held.created.to_string(),
            ends_at: held.ends.map(|ends| ends.to_string()),
        });
        let keys = self.keys.iter().map(|held| WrittenKey {
            nkey: held.known.as_str().to_owned(),
            created_on: held.created.to_string(),
            ends_at: held.ends.map(|ends| ends.to_string()),
        });
        Written {
            holder: self.holder.to_string(),
            label: self.label.clone(),
            tokens: tokens.collect(),
            keys: keys.collect(),
        }
    }

    pub(super) fn read(written: &Written) -> Result<Self, String> {
        let bad = |what: &str| format!("{}: {what}", written.holder);
        let holder = Holder::parse(&written.holder)
            .ok_or_else(|| bad("the holder is neither a unit's code nor a role"))?;
        let created = |text: &str| Day::parse(text).ok_or_else(|| bad("createdOn is no day"));
        let ends = |text: &Option<String>| match text {
            Some(text) => Instant::parse(text).map(Some).ok_or_else(|| bad("endsAt is no instant")),
            None => Ok(None),
        };
        let mut agency = Self { label: written.label.clone(), ..Self::new(holder) };
        for token in &written.tokens {
            agency.tokens.push(Held {
                known: Fingerprint::parse(&token.sha256)
                    .ok_or_else(|| bad("sha256 is not 64 hexadecimal digits"))?,
                created: created(&token.created_on)?,
                ends: ends(&token.ends_at)?,
            });
        }
        for key in &written.keys {
            agency.keys.push(Held {
                known: PublicKey::parse(&key.nkey)
                    .ok_or_else(|| bad("nkey is no public key of a user"))?,
                created: created(&key.created_on)?,
                ends: ends(&key.ends_at)?,
            });
        }
        Ok(agency)
    }
}
