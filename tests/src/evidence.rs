//! A province in memory: its log, sealed and closed, and bundles of its figures. It plays what the
//! node does with streams and directories, so that who verifies can be tested without either.

use std::collections::{BTreeMap, BTreeSet};

use tonghop_core::book::{Book, FacetBooks};
use tonghop_core::catalogue::Catalogue;
use tonghop_core::day::Instant;
use tonghop_core::fold::{Message, Plan, Projection};
use tonghop_core::form::{Sources, figure, figure_of_code};
use tonghop_core::measure::{Facet, FacetKind};
use tonghop_core::read::Query;
use tonghop_core::timeline::Timeline;
use tonghop_core::unit_code::UnitCode;
use tonghop_core::words::Family;
use tonghop_ledger::bundle::{
    BundleError, Choice, Header, LISTS_SHOWN, LogPart, Redaction, Shown, Writer,
};
use tonghop_ledger::checkpoint::Checkpoint;
use tonghop_ledger::closing::{Closing, Days, File, Format, ListRoot, hex};
use tonghop_ledger::contributed::{Contributed, SILENT};
use tonghop_ledger::figure::{families_read, made_of, query, units_read, written};
use tonghop_ledger::leaf::{Leaf, Said};
use tonghop_ledger::message::commitment;
use tonghop_ledger::note::{Kind, Note, SigningKey};
use tonghop_ledger::tree::{Frontier, Hash, leaf_hash};
use tonghop_ledger::{line, list};
use tonghop_wire::{Decoder, FigureId, Raw, own_files};

mod log;

pub use log::{Fact, Log, Saying, Stored};

/// What was folded of a log.
#[derive(Debug, Default)]
struct Fold {
    projection: Projection,
    entries: BTreeMap<u128, Vec<u8>>,
    book: Book,
    facets: BTreeMap<FacetKind, FacetBooks>,
    timelines: BTreeMap<(UnitCode, Family), BTreeSet<u128>>,
}

impl Fold {
    fn take(&mut self, message: Message) {
        if let Ok(event) = &message.said {
            let of = (event.unit, event.family);
            self.timelines.entry(of).or_default().insert(event.timeline.0);
        }
        let plan = Plan::new(vec![message]);
        let values = plan.keys().iter().map(|key| self.entries.get(key).cloned()).collect();
        let folded = self.projection.fold(plan, values).expect("what the fold wrote");
        self.entries.extend(folded.commit.entries);
        for change in folded.commit.cells {
            match &change.key.facet {
                Facet::All => self.book.add(&change.key, change.amount),
                Facet::Of(kind, _) => {
                    self.facets.entry(*kind).or_default().add(&change.key, change.amount);
                }
            }
        }
    }

    fn contributed(&self, unit: UnitCode, family: Family) -> Vec<Contributed> {
        let keys = self.timelines.get(&(unit, family)).into_iter().flatten();
        let timelines = keys.filter_map(|key| Timeline::unpack(self.entries.get(key)?));
        let mut all: Vec<Contributed> =
            timelines.filter_map(|timeline| Contributed::of(&timeline)).collect();
        all.sort_by_key(Contributed::first);
        all
    }
}

/// A closed province.
#[derive(Debug)]
pub struct Province {
    leaves: Vec<Leaf>,
    encoded: Vec<Vec<u8>>,
    messages: Vec<Vec<u8>>,
    said: Vec<Said>,
    fold: Fold,
    catalogue: Catalogue,
    /// The lists of the closing, line by line.
    pub lists: BTreeMap<String, Vec<String>>,
    definitions: Vec<(String, String)>,
    /// The signed closing.
    pub note: String,
    /// The checkpoint with a cosignature.
    pub witnessed: String,
    /// The keys by which both are verified.
    pub keys: Vec<String>,
    /// Messages that were erased.
    pub redacted: BTreeMap<u64, Redaction>,
    /// What is told a bundle that is not so.
    pub lie: Lie,
}

/// What somebody changes before he signs.
#[derive(Debug, Clone, Copy)]
pub struct Spoilt {
    /// The leaves of the log.
    pub leaves: fn(&mut Vec<Leaf>),
    /// The definitions, by name.
    pub definitions: fn(&mut Vec<(String, String)>),
    /// The lists, line by line.
    pub lists: fn(&mut BTreeMap<String, Vec<String>>),
    /// The document.
    pub closing: fn(&mut Closing),
}

impl Default for Spoilt {
    fn default() -> Self {
        Self { leaves: |_| {}, definitions: |_| {}, lists: |_| {}, closing: |_| {} }
    }
}

/// How a bundle is spoilt while it is written, so that all the hashes are right.
#[derive(Debug, Default)]
pub struct Lie {
    /// Families that stay closed.
    pub closes: Vec<String>,
    /// A unit that is shown though it is not read.
    pub shows: Option<String>,
    /// What lines begin with, by list, that are shown or left out against the rules.
    pub lines: Vec<(&'static str, &'static str)>,
    /// Says that the value is a plain sum, or not.
    pub plain: Option<bool>,
}

fn key(name: &str, kind: Kind, seed: u8) -> SigningKey {
    SigningKey::new(name, kind, &[seed; 32]).expect("a name of a key")
}

fn salt(position: usize) -> [u8; 32] {
    std::array::from_fn(|at| u8::try_from((position * 31 + at) % 251).unwrap_or(0))
}

impl Province {
    /// Seals a log, folds it and closes it.
    ///
    /// # Panics
    /// If the log cannot be closed: a defect of the test.
    pub fn of(log: &Log, figures: &[&str]) -> Self {
        Self::closed(log, figures, Spoilt::default())
    }

    /// The same, of somebody who lies before he signs.
    ///
    /// # Panics
    /// As [`Self::of`].
    pub fn closed(log: &Log, figures: &[&str], spoilt: Spoilt) -> Self {
        let mut province = Self::sealed(log);
        (spoilt.leaves)(&mut province.leaves);
        province.encode();
        let definitions = own_files()
            .map(|file| (format!("definitions-own-{}", file.name), file.text))
            .into_iter();
        province.definitions = definitions.collect();
        province.definitions.sort();
        (spoilt.definitions)(&mut province.definitions);
        province.lists = province.lists_of(figures);
        (spoilt.lists)(&mut province.lists);
        province.sign(spoilt.closing);
        province
    }

    fn encode(&mut self) {
        let encode = |leaf: &Leaf| {
            let mut bytes = Vec::new();
            leaf.encode(&mut bytes);
            bytes
        };
        self.encoded = self.leaves.iter().map(encode).collect();
    }

    fn sealed(log: &Log) -> Self {
        let (mut fold, mut decoder) = (Fold::default(), Decoder::new());
        let (mut leaves, mut messages, mut said) = (Vec::new(), Vec::new(), Vec::new());
        let mut heads: BTreeMap<String, u64> = BTreeMap::new();
        let mut highest = i64::MIN;
        for (index, stored) in log.messages.iter().enumerate() {
            let position = u64::try_from(index).unwrap_or(0) + 1;
            highest = highest.max(stored.recorded_ms);
            let raw = Raw { subject: &stored.subject, headers: &[], payload: &stored.payload };
            let mut bytes = Vec::new();
            let message = tonghop_ledger::message::Message {
                subject: raw.subject,
                headers: raw.headers,
                payload: raw.payload,
            };
            message.encode(&mut bytes);
            let says = Said::of(&raw);
            let previous = heads.get(&says.unit).copied().unwrap_or(0);
            if !says.unit.is_empty() {
                heads.insert(says.unit.clone(), position);
            }
            leaves.push(Leaf {
                position,
                recorded_ms: highest,
                previous,
                unit: says.unit.clone(),
                kind: says.kind.clone(),
                source: says.source.clone(),
                id: says.id.clone(),
                sequence: says.sequence,
                commitment: commitment(&salt(index), &bytes),
            });
            messages.push(bytes);
            said.push(says);
            let recorded = Instant::from_unix_ms(stored.recorded_ms);
            let said = decoder.decode(&raw).map_err(|refused| refused.refusal);
            fold.take(Message { position, recorded, said });
        }
        Self {
            encoded: Vec::new(),
            leaves,
            messages,
            said,
            fold,
            catalogue: tonghop_wire::catalogue().expect("the catalogue of this version"),
            lists: BTreeMap::new(),
            definitions: Vec::new(),
            note: String::new(),
            witnessed: String::new(),
            keys: Vec::new(),
            redacted: BTreeMap::new(),
            lie: Lie::default(),
        }
    }

    fn id(text: &str) -> FigureId {
        FigureId::parse(text).expect("the id of a figure")
    }

    /// The value of a figure, read from the cells of the whole log.
    ///
    /// # Panics
    /// If it is no figure of this closing.
    pub fn value(&self, figure_id: &str) -> String {
        let id = Self::id(figure_id);
        let indicator = self.catalogue.indicator(&id.indicator).expect("an indicator");
        let query = self.query(&id);
        let registry = self.fold.projection.registry();
        let sources = Sources { registry, book: &self.fold.book, facets: &self.fold.facets };
        written(match &id.facet {
            None => figure(indicator, query, sources),
            Some((kind, code)) => figure_of_code(indicator, query, sources, *kind, code),
        })
    }

    fn query(&self, id: &FigureId) -> Query {
        let recorded = self.fold.projection.recorded();
        query(id, self.position(), recorded).expect("a figure of this closing")
    }

    /// How many messages the log has.
    pub fn position(&self) -> u64 {
        u64::try_from(self.leaves.len()).unwrap_or(0)
    }

    fn reads(&self, id: &FigureId) -> (Vec<UnitCode>, Vec<Family>) {
        let indicator = self.catalogue.indicator(&id.indicator).expect("an indicator");
        let registry = self.fold.projection.registry();
        let units = units_read(id.unit, id.window, id.tree, registry);
        (units, families_read(&indicator.rule))
    }

    fn offices(&self) -> Vec<UnitCode> {
        let mut units: Vec<UnitCode> =
            self.fold.projection.registry().timelines().map(|(code, _)| code.level_1()).collect();
        units.dedup();
        units
    }

    fn lists_of(&self, figures: &[&str]) -> BTreeMap<String, Vec<String>> {
        let Fold { projection, timelines, .. } = &self.fold;
        let registry = projection.registry();
        let mut contributions = BTreeMap::new();
        for (unit, family) in timelines.keys().filter(|(_, family)| !SILENT.contains(family)) {
            let mut tree = Frontier::new();
            let all = self.fold.contributed(*unit, *family);
            for leaf in &all {
                tree.push(leaf_hash(&leaf.encode()));
            }
            if tree.size() > 0 {
                let line = line::of_contributions(*unit, *family, tree.size(), &tree.root());
                contributions.insert((unit.to_string(), family.word()), line);
            }
        }
        let mut lines = BTreeMap::new();
        for text in figures {
            let id = Self::id(text);
            let (units, families) = self.reads(&id);
            let is_read = |of: &&(String, &str)| {
                units.iter().any(|unit| unit.as_str() == of.0)
                    && families.iter().any(|family| family.word() == of.1)
            };
            let read = contributions.keys().filter(is_read);
            let read = read.filter_map(|of| contributions.get(of)?.strip_suffix('\n'));
            let registry_value = self.value(text);
            let value = tonghop_ledger::figure::read(&registry_value).expect("a value");
            lines.insert((*text).to_owned(), line::of_figure(&id, value, &made_of(read)));
        }
        let mut units: BTreeSet<UnitCode> = registry.timelines().map(|(code, _)| code).collect();
        units.extend(self.offices());
        let head = |unit: &UnitCode| {
            let own = self.leaves.iter().rev().find(|leaf| leaf.unit == unit.as_str());
            line::of_head(*unit, own.map_or(0, |leaf| leaf.position))
        };
        let sources = projection.sources().iter();
        let lists = [
            ("contributions", contributions.into_values().collect::<Vec<_>>()),
            ("figures", lines.into_values().collect()),
            ("heads", units.iter().map(head).collect()),
            (
                "sources",
                sources.map(|(u, name, source)| line::of_source(u, name, source)).collect(),
            ),
            (
                "units",
                registry.timelines().map(|(u, timeline)| line::of_unit(u, timeline)).collect(),
            ),
        ];
        let bare = |line: String| line.trim_end_matches('\n').to_owned();
        let lists = lists.map(|(name, lines)| (name, lines.into_iter().map(bare).collect()));
        lists.map(|(name, lines): (&str, Vec<String>)| (name.to_owned(), lines)).into()
    }

    fn sign(&mut self, spoil: fn(&mut Closing)) {
        let (log, closer) =
            (key("tonghop.nghean", Kind::Note, 1), key("cchc.nghean", Kind::Note, 2));
        let witness = key("so-noi-vu", Kind::Cosignature, 3);
        let mut tree = Frontier::new();
        self.encoded.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
        let text = Checkpoint::new(log.verifier(), tree.head()).to_string();
        let mut checkpoint = Note::new(text).expect("a checkpoint is a text");
        checkpoint.sign(&log);
        let lists = self.lists.iter().map(|(name, lines)| {
            let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
            let held = list::listed(&text).expect("whole lines");
            (name.clone(), ListRoot { lines: held.lines, root: hex(&held.root) })
        });
        let files = self.definitions.iter().map(|(name, text)| {
            let bytes = u64::try_from(text.len()).unwrap_or(0);
            (name.clone(), File { bytes, sha256: log::sha256(text) })
        });
        let mut closing = Closing {
            format: Format::One,
            id: "legal-2021-Q3-1".to_owned(),
            calendar: "legal".to_owned(),
            period: "2021-Q3".to_owned(),
            window: Days { from: "2021-06-15".to_owned(), to: "2021-09-14".to_owned() },
            unit: "H41".to_owned(),
            vintage: 1,
            previous: None,
            closed_at: "2021-09-20T08:00:00+07:00".to_owned(),
            program: "0.1.0".to_owned(),
            fold: 1,
            position: self.position(),
            checkpoint: checkpoint.to_string(),
            despite: Vec::new(),
            lists: lists.collect(),
            files: files.collect(),
        };
        spoil(&mut closing);
        let mut note = Note::new(closing.document().expect("a closing")).expect("a text");
        note.sign(&closer);
        self.note = note.to_string();
        checkpoint.cosign(&witness, 1_632_100_000);
        self.witnessed = checkpoint.to_string();
        self.keys = [&log, &closer, &witness].map(|key| key.verifier().to_string()).into();
    }

    /// The bundle of a figure.
    ///
    /// # Panics
    /// If it is no figure of this closing.
    pub fn bundle(&self, figure_id: &str) -> Vec<u8> {
        self.written(figure_id).expect("a vector takes all bytes")
    }

    fn written(&self, figure_id: &str) -> Result<Vec<u8>, BundleError> {
        let id = Self::id(figure_id);
        let (units, families) = self.reads(&id);
        let value = self.value(figure_id);
        let contributed = |unit: &str, family: &str| {
            let of = UnitCode::parse(unit).zip(Family::parse(family));
            of.map(|(unit, family)| self.fold.contributed(unit, family)).unwrap_or_default()
        };
        let lines = |name: &str| self.lists.get(name).map_or(&[][..], Vec::as_slice);
        let is_read = |line: &&String| {
            let mut fields = line.split('\t');
            let (unit, family) = (fields.next(), fields.next());
            units.iter().any(|held| Some(held.as_str()) == unit)
                && families.iter().any(|held| Some(held.word()) == family)
        };
        let made: Vec<&String> = lines("contributions").iter().filter(is_read).collect();
        let all = made.iter().flat_map(|line| {
            let mut fields = line.split('\t');
            contributed(fields.next().unwrap_or(""), fields.next().unwrap_or(""))
        });
        let plain = self.lie.plain.unwrap_or_else(|| self.is_plain(&id, all, &value));
        let header = Header {
            figure: figure_id.to_owned(),
            units: units.iter().map(ToString::to_string).collect(),
            families: families.iter().map(|family| family.word().to_owned()).collect(),
            plain,
        };
        let witnessed = Some(&*self.witnessed);
        let mut out = Writer::new(Vec::new(), &header, &self.keys, &self.note, witnessed)?;
        for (name, text) in &self.definitions {
            out.definition(name, text.as_bytes())?;
        }
        let mut speakers: BTreeSet<UnitCode> = units.iter().copied().collect();
        speakers.extend(self.offices());
        speakers.insert(id.unit.level_1());
        for name in LISTS_SHOWN {
            let is_shown = |line: &String| match name {
                "contributions" => is_read(&line),
                "figures" => line.starts_with(&format!("{figure_id}\t")),
                "heads" => speakers.iter().any(|unit| line.starts_with(&format!("{unit}\t"))),
                _ => units.iter().any(|unit| line.starts_with(&format!("{unit}\t"))),
            };
            let hashes: Vec<Hash> =
                lines(name).iter().map(|line| leaf_hash(line.as_bytes())).collect();
            let is_odd = |line: &String| {
                let mut odd = self.lie.lines.iter().filter(|(list, _)| *list == name);
                odd.any(|(_, start)| line.starts_with(start))
            };
            let shown = (0..).zip(lines(name)).filter(|(_, line)| is_shown(line) != is_odd(line));
            let shown = shown.map(|(index, line)| (index, line.as_str()));
            let size = u64::try_from(hashes.len()).unwrap_or(0);
            out.list(
                name,
                LogPart { size, shown, hash: |level, index| Ok(stored(&hashes, level, index)) },
            )?;
        }
        self.write_log(&mut out, &units, &families)?;
        for line in made {
            let mut fields = line.split('\t');
            let (unit, family) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            let leaves: Vec<Vec<u8>> =
                contributed(unit, family).iter().map(Contributed::encode).collect();
            out.timelines(unit, family, leaves.iter().map(Vec::as_slice))?;
        }
        out.end()
    }

    fn is_plain(
        &self,
        id: &FigureId,
        timelines: impl IntoIterator<Item = Contributed>,
        value: &str,
    ) -> bool {
        let rule = &self.catalogue.indicator(&id.indicator).expect("an indicator").rule;
        let (facet, query) = (id.facet.as_ref(), self.query(id));
        let plain = tonghop_ledger::figure::plain_sum(rule, facet, &query, timelines);
        plain.is_some_and(|plain| written(plain) == value)
    }

    fn write_log(
        &self,
        out: &mut Writer<Vec<u8>>,
        units: &[UnitCode],
        families: &[Family],
    ) -> Result<(), BundleError> {
        let mut choice = Choice::new(units, families, &self.offices());
        loop {
            for (leaf, said) in self.leaves.iter().zip(&self.said) {
                if choice.shows(leaf) {
                    choice.see(leaf, choice.opens(leaf).then_some(said));
                }
            }
            if !choice.settle() {
                break;
            }
        }
        let hashes: Vec<Hash> = self.encoded.iter().map(|leaf| leaf_hash(leaf)).collect();
        let is_shown =
            |leaf: &Leaf| choice.shows(leaf) || self.lie.shows.as_ref() == Some(&leaf.unit);
        let shown = self.leaves.iter().enumerate().filter(|(_, leaf)| is_shown(leaf));
        let last = (0..).zip(&self.encoded).zip(&self.leaves).last();
        let last = last.filter(|(_, leaf)| !is_shown(leaf));
        let last = last.map(|((index, bytes), _)| Ok((index, Shown::Last(bytes.clone()))));
        let shown = shown.map(|(index, leaf)| {
            let bytes = self.encoded.get(index).cloned().unwrap_or_default();
            let message = self.messages.get(index).cloned().unwrap_or_default();
            let is_closed = self.lie.closes.iter().any(|family| leaf.kind.starts_with(&**family));
            let what = match self.redacted.get(&leaf.position) {
                _ if !choice.opens(leaf) || is_closed => Shown::Closed(bytes),
                Some(redaction) => Shown::Redacted(bytes, redaction.clone()),
                None => Shown::Opened(bytes, salt(index), message),
            };
            Ok((u64::try_from(index).unwrap_or(0), what))
        });
        let hash = |level, index| Ok(stored(&hashes, level, index));
        out.log(LogPart { size: self.position(), shown: shown.chain(last), hash })
    }
}

/// The stored hash at (level, index) of a tree of these leaves.
fn stored(leaves: &[Hash], level: u32, index: u64) -> Hash {
    let first = usize::try_from(index << level).unwrap_or(usize::MAX);
    let mut tree = Frontier::new();
    leaves.iter().skip(first).take(1 << level).for_each(|leaf| tree.push(*leaf));
    tree.root()
}
