//! The part of the log that a bundle shows: leaf after leaf, each in the chain of its unit.
//!
//! What is held is a chain for each unit, what stays closed as identities, and what the open
//! messages fold to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use tonghop_core::day::{Day, Instant};
use tonghop_core::fingerprint::Identity;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_wire::Raw;

use super::refold::Refold;
use super::seen::Seen;
use super::stream::{Stop, Stream, misshapen};
use super::verdict::{Code, Verdict};
use crate::bundle::{Redaction, Type, choice_many, family_of, subtree};
use crate::leaf::{Leaf, Said};
use crate::message::{Decoded, commitment};
use crate::pruned::Walk;
use crate::tree::Head;

/// What was shown of one unit.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// The position of its last leaf so far.
    pub(super) last: u64,
    /// The families of its open messages, and of its closed ones, with the first of these.
    pub(super) opened: BTreeSet<String>,
    pub(super) closed: BTreeMap<String, u64>,
    /// Its sources, one more than may speak at most.
    sources: BTreeSet<String>,
}

impl Chain {
    /// Whether it has so many sources that all of its messages have to be open.
    pub(super) fn is_crowded(&self) -> bool {
        u32::try_from(self.sources.len()).is_ok_and(choice_many)
    }
}

/// What was shown of the log.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) chains: BTreeMap<String, Chain>,
    pub(super) refold: Refold,
    /// The numbers of each source, by unit and name.
    pub(super) numbers: BTreeMap<(UnitCode, String), Seen>,
    /// Positions that were redacted.
    pub(super) redacted: BTreeSet<u64>,
    recorded_ms: Option<i64>,
    /// Whether the last leaf was shown.
    is_dated: bool,
    closed: BTreeSet<Identity>,
    erased: BTreeSet<Identity>,
    scratch: Vec<u8>,
}

impl Part {
    /// Reads the log of a bundle. What is wrong with one leaf does not end it.
    pub(super) fn read(
        stream: &mut Stream<'_, impl Read>,
        head: Head,
        verdict: &mut Verdict,
    ) -> Result<Self, Stop> {
        if !stream.expect(Type::Log)?.is_empty() {
            return Err(misshapen(Type::Log, "it is not empty"));
        }
        let (mut part, mut walk) = (Self::default(), Walk::new());
        loop {
            if let Some(payload) = stream.take(Type::Subtree)? {
                let step = subtree(&payload);
                if !step.is_some_and(|(level, root)| walk.subtree(level, root)) {
                    return Err(misshapen(Type::Subtree, "no such subtree can begin here"));
                }
            } else if let Some(bytes) = stream.take(Type::Leaf)? {
                walk.leaf(&bytes);
                let opened = stream.take(Type::Message)?;
                let redacted = stream.take(Type::Redacted)?;
                part.leaf(walk.next(), &bytes, opened, redacted, verdict)?;
                part.is_dated = walk.next() == head.size;
            } else if let Some(bytes) = stream.take(Type::Last)? {
                walk.leaf(&bytes);
                part.read_leaf(walk.next(), &bytes, verdict);
                part.is_dated = walk.next() == head.size;
            } else {
                break;
            }
        }
        part.refold.fold();
        let (size, root) = walk.end();
        if head != (Head { size, root }) {
            let what = format!("the {size} leaves do not lead to the root of the checkpoint");
            verdict.fail(Code::LogRoot, what);
        }
        if !part.is_dated {
            let what = format!("the last leaf, of {}, is not shown", head.size);
            verdict.fail(Code::LogLeaf, what);
        }
        Ok(part)
    }

    /// The recorded day of the log.
    pub(super) fn recorded(&self) -> Day {
        self.recorded_ms.and_then(|ms| Instant::from_unix_ms(ms).day()).unwrap_or(Day::MIN)
    }

    /// Reads a leaf that has to be of this position.
    fn read_leaf(&mut self, position: u64, bytes: &[u8], verdict: &mut Verdict) -> Option<Leaf> {
        let Ok(leaf) = Leaf::decode(bytes) else {
            verdict.fail(Code::LogLeaf, format!("what stands at {position} is no leaf"));
            return None;
        };
        if leaf.position != position {
            let what = format!("the leaf of {position} says that it is of {}", leaf.position);
            verdict.fail(Code::LogLeaf, what);
            return None;
        }
        if self.recorded_ms > Some(leaf.recorded_ms) {
            let what = format!("the leaf of {position} has an earlier time than one before it");
            verdict.fail(Code::LogLeaf, what);
        }
        self.recorded_ms = self.recorded_ms.max(Some(leaf.recorded_ms));
        verdict.leaves.0 += 1;
        Some(leaf)
    }

    fn leaf(
        &mut self,
        position: u64,
        bytes: &[u8],
        opened: Option<Vec<u8>>,
        redacted: Option<Vec<u8>>,
        verdict: &mut Verdict,
    ) -> Result<(), Stop> {
        let Some(leaf) = self.read_leaf(position, bytes, verdict) else { return Ok(()) };
        self.link(&leaf, verdict);
        match (opened, redacted) {
            (Some(opened), None) => self.open(&leaf, &opened, verdict)?,
            (None, Some(redacted)) => self.erase(&leaf, &redacted, verdict)?,
            (None, None) => self.close(&leaf),
            (Some(_), Some(_)) => {
                return Err(misshapen(Type::Redacted, "the message of the leaf is there"));
            }
        }
        self.hear(leaf);
        Ok(())
    }

    /// The leaf follows the last one of its unit.
    fn link(&mut self, leaf: &Leaf, verdict: &mut Verdict) {
        let chain = self.chains.entry(leaf.unit.clone()).or_default();
        if leaf.unit.is_empty() || leaf.previous != chain.last {
            let Leaf { position, unit, previous, .. } = leaf;
            let what = format!(
                "{unit}: the leaf of {position} follows {previous}, and the one shown before it is {}",
                chain.last
            );
            verdict.fail(Code::ChainBroken, what);
        }
        chain.last = leaf.position;
        if !leaf.source.is_empty() && !chain.is_crowded() {
            chain.sources.insert(leaf.source.clone());
        }
    }

    fn identity(&mut self, leaf: &Leaf, id: &str) -> Option<Identity> {
        (!id.is_empty()).then(|| Identity::of(&leaf.source, id, &mut self.scratch))
    }

    fn chain(&mut self, leaf: &Leaf) -> (&mut Chain, String) {
        let family = family_of(&leaf.kind).to_owned();
        (self.chains.entry(leaf.unit.clone()).or_default(), family)
    }

    fn close(&mut self, leaf: &Leaf) {
        let (chain, family) = self.chain(leaf);
        chain.closed.entry(family).or_insert(leaf.position);
        let own = self.identity(leaf, &leaf.id);
        self.closed.extend(own);
    }

    fn erase(&mut self, leaf: &Leaf, redaction: &[u8], verdict: &mut Verdict) -> Result<(), Stop> {
        let redaction: Redaction = serde_json::from_slice(redaction)
            .map_err(|error| misshapen(Type::Redacted, &error.to_string()))?;
        let (chain, family) = self.chain(leaf);
        if [Family::Unit.word(), Family::Source.word(), ""].contains(&&*family) {
            let what = format!("{} was redacted, and is of the family {family}", leaf.position);
            verdict.fail(Code::MessageRedacted, what);
        }
        chain.opened.insert(family);
        let own = self.identity(leaf, &leaf.id);
        self.erased.extend(own);
        self.redacted.insert(leaf.position);
        verdict.redacted.push((leaf.position, redaction));
        Ok(())
    }

    fn open(&mut self, leaf: &Leaf, opened: &[u8], verdict: &mut Verdict) -> Result<(), Stop> {
        let position = leaf.position;
        let (chain, family) = self.chain(leaf);
        chain.opened.insert(family);
        verdict.leaves.1 += 1;
        let Some((salt, bytes)) = opened.split_first_chunk() else {
            return Err(misshapen(Type::Message, "it is shorter than a salt"));
        };
        if commitment(salt, bytes) != leaf.commitment {
            let what = format!("the message of {position} is not the one that was committed to");
            verdict.fail(Code::MessageAltered, what);
            return Ok(());
        }
        let Ok(message) = Decoded::read(bytes) else {
            verdict.fail(Code::MessageAltered, format!("{position} holds no message"));
            return Ok(());
        };
        let Decoded { subject, headers, payload } = &message;
        let raw = Raw { subject, headers, payload };
        let said = Said::of(&raw);
        if !said.is_said_by(leaf) {
            let what = format!("the leaf of {position} says something else than its message");
            verdict.fail(Code::MessageOther, what);
        }
        let own = self.identity(leaf, &leaf.id);
        let target = said.replaces.as_deref().and_then(|id| self.identity(leaf, id));
        if own.into_iter().chain(target).any(|identity| self.closed.contains(&identity)) {
            let what = format!(
                "a message with the identity of {position}, or of what it replaces, is closed"
            );
            verdict.fail(Code::MessageClosed, what);
        }
        // What repeats or replaces a message that is no more may have been refused for it, which
        // cannot be told: nothing of it counts that the closing does not say.
        if own.into_iter().chain(target).any(|identity| self.erased.contains(&identity)) {
            self.erased.extend(own);
            self.redacted.insert(position);
        } else {
            self.refold.take(leaf, &raw);
        }
        Ok(())
    }

    /// The source is heard, with its number, as the fold hears it: of a unit that is known, or of
    /// an office.
    fn hear(&mut self, leaf: Leaf) {
        let Some(unit) = UnitCode::parse(&leaf.unit).filter(|_| !leaf.source.is_empty()) else {
            return;
        };
        let registry = self.refold.registry();
        if registry.get(unit).is_none() && !registry.has_office(unit) {
            return;
        }
        let seen = self.numbers.entry((unit, leaf.source)).or_default();
        if leaf.sequence > 0 {
            seen.insert(leaf.sequence);
        }
    }
}
