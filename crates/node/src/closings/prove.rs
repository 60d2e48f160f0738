//! The bundle of a figure: from a closing and the archive, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use tonghop_core::catalogue::{Catalogue, Indicator};
use tonghop_core::registry::Registry;
use tonghop_core::timeline::Timeline;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_ledger::archive::{self, Reader, Sealed};
use tonghop_ledger::bundle::{
    BundleError, Choice, DEFINITIONS, Header, LISTS_SHOWN, LogPart, Redaction, Shown, Writer,
};
use tonghop_ledger::contributed::Contributed;
use tonghop_ledger::figure::{families_read, plain_sum, query, units_read, written};
use tonghop_ledger::leaf::Said;
use tonghop_ledger::log::Log;
use tonghop_ledger::message::Message;
use tonghop_ledger::tree::{Frontier, Hash, leaf_hash};
use tonghop_wire::{CatalogueFile, FigureId, KnownAt, Raw, catalogue_of};

use super::refold::Refolded;
use super::{Held, list_file};

/// The file of a closing with the verifier keys of who signed.
pub const KEYS_FILE: &str = "keys.txt";

/// A closing, read to prove figures of it.
#[derive(Debug)]
pub struct Proving {
    held: Held,
    catalogue: Catalogue,
    definitions: Vec<(String, String)>,
    registry: Registry,
    /// The lists of which lines are shown.
    lists: BTreeMap<&'static str, String>,
}

/// A figure of it, and what it reads.
#[derive(Debug)]
pub struct Asked {
    id: FigureId,
    text: String,
    value: String,
    /// The units.
    pub units: Vec<UnitCode>,
    /// The families.
    pub families: Vec<Family>,
}

impl Proving {
    /// Reads the closing; each file is checked.
    pub fn new(held: &Held) -> anyhow::Result<Self> {
        let mut definitions = Vec::new();
        for name in held.closing.files.keys().filter(|name| name.starts_with(DEFINITIONS)) {
            definitions.push((name.clone(), text(held, name)?));
        }
        let files = |kind: &str| -> Vec<CatalogueFile> {
            let of_kind = definitions.iter().filter_map(|(name, text)| {
                let name = name.strip_prefix(DEFINITIONS)?.strip_prefix(kind)?;
                Some(CatalogueFile::new(name, text.clone()))
            });
            of_kind.collect()
        };
        let catalogue = catalogue_of(&files("own-"), &files("more-"))?;
        let mut registry = Registry::default();
        for line in text(held, &list_file("units"))?.lines() {
            let unit = line.split_once('\t').and_then(|(code, timeline)| {
                Some((UnitCode::parse(code)?, Timeline::unpack(&bytes(timeline)?)?))
            });
            let (code, timeline) = unit.with_context(|| format!("{line}: no unit"))?;
            registry.restore(code, timeline);
        }
        let mut lists = BTreeMap::new();
        for name in LISTS_SHOWN {
            lists.insert(name, text(held, &list_file(name))?);
        }
        Ok(Self { held: held.clone(), catalogue, definitions, registry, lists })
    }

    /// The figure of this id, with or without the closing's position; none if the closing has none
    /// such.
    pub fn figure(&self, text: &str) -> Option<Asked> {
        let mut id = FigureId::parse(text)?;
        if id.known_at == KnownAt::Now {
            id.known_at = KnownAt::Position(self.held.closing.position);
        }
        let text = id.to_string();
        let lines = self.lines("figures");
        let line = lines.iter().find(|line| line.split('\t').next() == Some(&text))?;
        let value = line.split('\t').nth(1)?.to_owned();
        let indicator = self.indicator(&id)?;
        let units = units_read(id.unit, id.window, id.tree, &self.registry);
        let families = families_read(&indicator.rule);
        Some(Asked { id, text, value, units, families })
    }

    fn indicator(&self, id: &FigureId) -> Option<&Indicator> {
        self.catalogue.indicator(&id.indicator)
    }

    fn lines(&self, list: &str) -> Vec<&str> {
        self.lists.get(list).map_or_else(Vec::new, |list| list.lines().collect())
    }

    fn offices(&self) -> Vec<UnitCode> {
        let offices: BTreeSet<UnitCode> =
            self.registry.timelines().map(|(code, _)| code.level_1()).collect();
        offices.into_iter().collect()
    }

    /// Writes the bundle of a figure. `refolded` is the log up to the closing's position, with what
    /// the timelines of the figure's units and families contribute.
    pub fn write<W: Write>(
        &self,
        asked: &Asked,
        refolded: &Refolded,
        archive: &Path,
        out: W,
    ) -> anyhow::Result<W> {
        let made: Vec<&str> =
            self.lines("contributions").into_iter().filter(|line| asked.reads(line)).collect();
        let plain = self.is_plain(asked, refolded, &made)?;
        let header = Header {
            figure: asked.text.clone(),
            units: asked.units.iter().map(ToString::to_string).collect(),
            families: asked.families.iter().map(|family| family.word().to_owned()).collect(),
            plain,
        };
        let keys: Vec<String> = text(&self.held, KEYS_FILE)?.lines().map(str::to_owned).collect();
        let mut out = Writer::new(out, &header, &keys, &self.held.note, None)?;
        for (name, text) in &self.definitions {
            out.definition(name, text.as_bytes())?;
        }
        for name in LISTS_SHOWN {
            self.write_list(name, asked, &mut out)?;
        }
        self.write_log(asked, archive, &mut out)?;
        for line in made {
            let mut fields = line.split('\t');
            let (unit, family) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            out.timelines(unit, family, refolded.contributed(unit, family))?;
        }
        Ok(out.end()?)
    }

    /// Whether the value is what the timelines contribute, simply added up.
    fn is_plain(&self, asked: &Asked, refolded: &Refolded, made: &[&str]) -> anyhow::Result<bool> {
        let (Some(indicator), Some(query)) = (
            self.indicator(&asked.id),
            query(&asked.id, self.held.closing.position, refolded.projection().recorded()),
        ) else {
            return Ok(false);
        };
        let mut all = Vec::new();
        for line in made {
            let mut fields = line.split('\t');
            let (unit, family) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            for leaf in refolded.contributed(unit, family) {
                all.push(Contributed::decode(leaf)?);
            }
        }
        let plain = plain_sum(&indicator.rule, asked.id.facet.as_ref(), &query, all);
        Ok(plain.is_some_and(|plain| written(plain) == asked.value))
    }

    fn write_list<W: Write>(
        &self,
        name: &str,
        asked: &Asked,
        out: &mut Writer<W>,
    ) -> Result<(), BundleError> {
        let mut speakers: BTreeSet<UnitCode> = asked.units.iter().copied().collect();
        speakers.extend(self.offices());
        speakers.insert(asked.id.unit.level_1());
        let unit_of = |line: &str| UnitCode::parse(line.split('\t').next().unwrap_or_default());
        let is_shown = |line: &str| match name {
            "contributions" => asked.reads(line),
            "figures" => line.split('\t').next() == Some(&asked.text),
            "heads" => unit_of(line).is_some_and(|unit| speakers.contains(&unit)),
            _ => unit_of(line).is_some_and(|unit| asked.units.binary_search(&unit).is_ok()),
        };
        let lines = self.lines(name);
        let hashes: Vec<Hash> = lines.iter().map(|line| leaf_hash(line.as_bytes())).collect();
        let shown = (0..).zip(&lines).filter(|(_, line)| is_shown(line));
        let shown = shown.map(|(index, line)| (index, *line));
        let size = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        out.list(
            name,
            LogPart { size, shown, hash: |level, index| Ok(stored(&hashes, level, index)) },
        )
    }

    fn write_log<W: Write>(
        &self,
        asked: &Asked,
        archive: &Path,
        out: &mut Writer<W>,
    ) -> anyhow::Result<()> {
        let size = self.held.closing.position;
        let mut choice = Choice::new(&asked.units, &asked.families, &self.offices());
        loop {
            for row in rows(archive, size)? {
                let row = row?;
                if choice.shows(&row.leaf) {
                    let said = if choice.opens(&row.leaf) { said(&row) } else { None };
                    choice.see(&row.leaf, said.as_ref());
                }
            }
            if !choice.settle() {
                break;
            }
        }
        let shown = rows(archive, size)?.filter_map(|row| match row {
            Err(error) => Some(Err(io(error))),
            Ok(row) => shown(&row, &choice, size).map(|shown| Ok((row.leaf.position - 1, shown))),
        });
        let log = Log::open(&archive.join(archive::LOG))?;
        let mut tiles = log.reader(size);
        let hash = |level, index| tiles.hash(level, index).map_err(io);
        out.log(LogPart { size, shown, hash })?;
        Ok(())
    }
}

impl Asked {
    /// Whether the line of the list `contributions` is of a unit and a family that it reads.
    fn reads(&self, line: &str) -> bool {
        let mut fields = line.split('\t');
        let (unit, family) = (fields.next(), fields.next());
        self.units.iter().any(|held| Some(held.as_str()) == unit)
            && self.families.iter().any(|held| Some(held.word()) == family)
    }
}

/// The sealed messages up to a position.
fn rows(
    dir: &Path,
    last: u64,
) -> Result<impl Iterator<Item = Result<Sealed, archive::ArchiveError>>, archive::ArchiveError> {
    let mut reader = Reader::open(dir, 0)?;
    let rows = std::iter::from_fn(move || reader.next_row().transpose());
    Ok(rows.take_while(move |row| {
        row.as_ref().is_ok_and(|row| row.leaf.position <= last) || row.is_err()
    }))
}

/// What the message of a row says, if it was not erased.
fn said(row: &Sealed) -> Option<Said> {
    let kept = row.kept.as_ref()?;
    let headers: Vec<(&str, &str)> =
        kept.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Some(Said::of(&Raw { subject: &kept.subject, headers: &headers, payload: &kept.payload }))
}

/// What is shown of a row; none if it is left out.
fn shown(row: &Sealed, choice: &Choice, size: u64) -> Option<Shown> {
    let mut leaf = Vec::new();
    row.leaf.encode(&mut leaf);
    if !choice.shows(&row.leaf) {
        return (row.leaf.position == size).then_some(Shown::Last(leaf));
    }
    if !choice.opens(&row.leaf) {
        return Some(Shown::Closed(leaf));
    }
    let Some(kept) = &row.kept else {
        let decision = row.redacted.clone().unwrap_or_default();
        let (decision, day) = decision.rsplit_once(' ').unwrap_or((&decision, ""));
        let redaction = Redaction { decision: decision.to_owned(), day: day.to_owned() };
        return Some(Shown::Redacted(leaf, redaction));
    };
    let headers: Vec<(&str, &str)> =
        kept.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut message = Vec::new();
    Message { subject: &kept.subject, headers: &headers, payload: &kept.payload }
        .encode(&mut message);
    Some(Shown::Opened(leaf, kept.salt, message))
}

fn io(error: impl std::error::Error + Send + Sync + 'static) -> BundleError {
    BundleError::Io(std::io::Error::other(error))
}

/// A file of a closing, as text.
fn text(held: &Held, name: &str) -> anyhow::Result<String> {
    let id = &held.closing.id;
    let bytes = held.file(name)?.with_context(|| format!("closing {id} has no file {name}"))?;
    String::from_utf8(bytes).with_context(|| format!("{name} of closing {id}"))
}

/// The bytes of hexadecimal digits.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// The stored hash at (level, index) of the tree of these leaves.
fn stored(leaves: &[Hash], level: u32, index: u64) -> Hash {
    let first = usize::try_from(index << level).unwrap_or(usize::MAX);
    let mut tree = Frontier::new();
    leaves.iter().skip(first).take(1 << level).for_each(|leaf| tree.push(*leaf));
    tree.root()
}
