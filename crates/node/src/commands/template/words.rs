//! What things are called in Vietnamese, and what rows of a template are told apart by.

use std::collections::BTreeMap;

use serde::Deserialize;
use tonghop_wire::kind::Kind;

/// What each column is, in Vietnamese.
#[derive(Debug)]
pub(super) struct Explained(BTreeMap<String, String>);

impl Explained {
    pub(super) fn read() -> anyhow::Result<Self> {
        Ok(Self(toml::from_str(include_str!("explained.toml"))?))
    }

    /// Of this attribute or field (`data.…`) of the kind; the longer name first.
    pub(super) fn of(&self, kind: Kind, target: &str) -> Option<&str> {
        let name = target.strip_prefix("data.").unwrap_or(target);
        let own = self.0.get(&format!("{}.{name}", kind.name()));
        own.or_else(|| self.0.get(name)).map(String::as_str)
    }

    /// Every name that is there, for the test that none is left over.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// The words of `words.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    subject: BTreeMap<String, String>,
    time: BTreeMap<String, String>,
    key: BTreeMap<String, Vec<String>>,
    hour: BTreeMap<String, String>,
}

/// The hour of a day, where none is given.
const HOUR: &str = "08:00";
/// What a time is called, where nothing is given.
const TIME: &str = "Ngày";

impl Words {
    pub(super) fn read() -> anyhow::Result<Self> {
        Ok(toml::from_str(include_str!("words.toml"))?)
    }

    /// The longer name, else the shorter one.
    fn of(list: &BTreeMap<String, String>, kind: Kind) -> Option<&str> {
        let found = list.get(&kind.name()).or_else(|| list.get(kind.spec().family.word()));
        found.map(String::as_str)
    }

    /// None where the subject is always the same.
    pub(super) fn subject(&self, kind: Kind) -> Option<&str> {
        Self::of(&self.subject, kind)
    }

    pub(super) fn time(&self, kind: Kind) -> &str {
        Self::of(&self.time, kind).unwrap_or(TIME)
    }

    pub(super) fn key(&self, kind: Kind) -> &[String] {
        if kind.spec().word == "retracted" {
            return self.retracted();
        }
        self.key.get(&kind.name()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn hour(&self, kind: Kind) -> &str {
        self.hour.get(&kind.name()).map_or(HOUR, String::as_str)
    }

    /// An event can be taken away once; each has its own row.
    fn retracted(&self) -> &[String] {
        self.key.get("retracted").map_or(&[], Vec::as_slice)
    }

    /// Every name that is there, for the test that none is left over.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<&str> {
        let lists = [&self.subject, &self.time, &self.hour];
        let names = lists.into_iter().flat_map(|list| list.keys().map(String::as_str));
        names.chain(self.key.keys().map(String::as_str)).collect()
    }
}
