//! Rows of a table as events, by a mapping.
//!
//! Each event is read by the decoder that the projector uses before it is sent, so that a person
//! learns of a wrong cell by its row and column, and only what can be accepted is sent.
//!
//! **Invariant IMP-1:** the same row gives the same event; a row that was changed gives a
//! correction of what it said before.
//! **Invariant IMP-3:** of a row with a cell that is wrong no event is sent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::NaiveTime;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tonghop_core::day::Instant;
use tonghop_core::fingerprint::Content;
use tonghop_core::refusal::RefusalCode;
use tonghop_core::unit_code::UnitCode;
use tonghop_wire::kind::Kind;
use tonghop_wire::{Decoder, Raw, Refused, subject};

use super::heads::Heads;
use super::mapping::values::{Want, value};
use super::mapping::{self, EventMapping, Given, Mapping};
use super::oddities::{self, Odd, Oddities};
use super::said::{OPEN_MAX, Said, Spoken};
use crate::table::{Cell, Row};

/// Why a row, or one event of it, is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fault {
    /// The code of the contract, where there is one.
    pub(super) code: Option<&'static str>,
    /// The column, as the person sees it.
    pub(super) column: Option<String>,
    /// What is wrong.
    pub(super) what: String,
    /// The same in Vietnamese, where no code says it.
    pub(super) vietnamese: Option<&'static str>,
}

/// An event of a row, to be sent.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) payload: Vec<u8>,
    pub(super) role: Role,
}

/// What an event is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// For itself.
    Itself,
    /// For itself, and what becomes of it is remembered.
    Said(Spoken),
    /// That what the next one replaces is in the log. It is not counted, and may be refused.
    StandIn,
}

/// An import: a mapping, and what was said by it.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) mapping: Mapping,
    memory: Mutex<Memory>,
}

/// What an import knows of the rows before.
#[derive(Debug)]
struct Memory {
    said: Said,
    /// Of the file at hand: the row that has said a key, and what.
    seen: HashMap<u128, (u64, u64)>,
    /// What is on the log, and where, and not known to be accepted.
    stored: Vec<(u64, Spoken)>,
    /// The row of the headings in the file at hand.
    heads_row: u64,
    corrections: u64,
    notes: Vec<String>,
    odd: Oddities,
}

impl std::fmt::Display for Fault {
    /// `column C "Hình thức": data.out_of_range (field: channel, value: tay): …`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "{column}: ")?;
        }
        if let Some(code) = self.code {
            write!(f, "{code} ")?;
        }
        f.write_str(self.what.trim())
    }
}

impl Import {
    pub(super) fn new(mapping: Mapping, said: Said) -> Self {
        let memory = Memory {
            said,
            seen: HashMap::new(),
            stored: Vec::new(),
            heads_row: 1,
            corrections: 0,
            notes: Vec::new(),
            odd: Oddities::default(),
        };
        Self { mapping, memory: Mutex::new(memory) }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds the mapping to the headings of the next file.
    pub(super) fn bind(&self, sheet: Option<&str>, heads: Heads) -> Bound<'_> {
        let wanted = self.mapping.headings();
        let mut memory = self.memory();
        memory.seen.clear();
        memory.heads_row = heads.row;
        let sheet = sheet.map(|sheet| format!("sheet {sheet:?}: ")).unwrap_or_default();
        let mut note = format!("{sheet}headings in row {}", heads.row);
        let unused = heads.unused(&wanted);
        if !unused.is_empty() {
            write!(note, "; columns that are not used: {}", unused.join(", ")).unwrap_or_default();
        }
        memory.notes.push(note);
        drop(memory);
        let decoder = Decoder::new();
        let places = wanted.into_iter().filter_map(|name| heads.find(&name).map(|at| (name, at)));
        let places = places.collect();
        Bound { import: self, heads, places, decoder }
    }

    /// How many events correct what was said before.
    pub(super) fn corrections(&self) -> u64 {
        self.memory().corrections
    }

    /// What is worth knowing about the files.
    pub(super) fn notes(&self) -> Vec<String> {
        self.memory().notes.clone()
    }

    /// What is accepted and probably wrong.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.memory().odd.told()
    }

    /// The row of the headings in the file that was read last.
    pub(super) fn heads_row(&self) -> u64 {
        self.memory().heads_row
    }

    /// What was spoken is on the log at this position.
    pub(super) fn stored(&self, position: u64, spoken: Spoken) {
        self.memory().stored.push((position, spoken));
    }

    /// A projector was heard, or not, on what was stored: whether it was refused, by position.
    pub(super) fn hear(&self, refused: impl Fn(u64) -> Option<bool>) -> std::io::Result<()> {
        let mut memory = self.memory();
        let mut stored = std::mem::take(&mut memory.stored);
        stored.sort_unstable_by_key(|(position, _)| *position);
        for (position, spoken) in stored {
            match refused(position) {
                Some(true) => memory.said.refused(spoken)?,
                Some(false) => memory.said.accepted(spoken)?,
                None => {}
            }
        }
        Ok(())
    }

    /// Remembers on disk what was said.
    pub(super) fn flush(&self) -> std::io::Result<()> {
        self.memory().said.flush()
    }
}

/// A mapping bound to the headings of one file.
#[derive(Debug)]
pub(super) struct Bound<'a> {
    import: &'a Import,
    pub(super) heads: Heads,
    /// Where the columns are, by the names that the mapping gives them.
    places: HashMap<String, usize>,
    decoder: Decoder,
}

/// An event that is not yet given its id.
struct Draft {
    event: Map<String, Value>,
    kind: Kind,
    unit: UnitCode,
    has_id: bool,
    odd: Vec<Odd>,
}

/// An event that can be accepted, as far as it is known without the log.
struct Ready<'m> {
    event: Map<String, Value>,
    kind: Kind,
    key: u128,
    /// None if the sheet gives the id.
    content: Option<u64>,
    payload: Vec<u8>,
    odd: Vec<Odd>,
    mapping: &'m EventMapping,
}

impl Bound<'_> {
    /// The events of a row, or why they are none. What is not to be sent now was sent before.
    pub(super) fn events(
        &mut self,
        row: &Row,
        now: bool,
    ) -> anyhow::Result<Vec<Result<Made, Fault>>> {
        let cells = match &row.cells {
            Ok(cells) => cells,
            Err(why) => return Ok(vec![Err(Fault { what: why.clone(), ..Fault::default() })]),
        };
        let beyond = cells.iter().skip(self.heads.len()).any(|cell| !cell.is_blank());
        if beyond {
            let what = format!(
                "there are more cells than headings ({}): is a separator inside a text that is not \
                 quoted?",
                self.heads.len()
            );
            let vietnamese = Some(
                "Dòng có nhiều ô hơn hàng tiêu đề: dấu phân cách nằm trong nội dung ô thì phải đặt ô \
                 trong ngoặc kép.",
            );
            return Ok(vec![Err(Fault { what, vietnamese, ..Fault::default() })]);
        }
        let import = self.import;
        let (mut ready, mut faults) = (Vec::new(), Vec::new());
        for event in &import.mapping.events {
            let wanted = event.only_if.as_ref().and_then(|column| self.places.get(column));
            let is_said = wanted.is_none_or(|place| {
                cells.get(*place).is_some_and(|cell| !matches!(cell, Cell::Empty))
            });
            if is_said {
                match self.draft(event, cells) {
                    Ok(draft) => match self.checked(draft, event)? {
                        Ok(one) => ready.push(one),
                        Err(fault) => faults.push(fault),
                    },
                    Err(found) => faults.extend(found),
                }
            }
        }
        if faults.is_empty()
            && let Some((place, fault)) = self.fault_of_keys(&ready, row.number, now)
        {
            ready.remove(place);
            faults.push(fault);
        }
        if let Some(last) = faults.last_mut() {
            for Ready { kind, .. } in &ready {
                write!(last.what, "; {} of the row is not sent either", kind.name())
                    .unwrap_or_default();
            }
            return Ok(faults.into_iter().map(Err).collect());
        }
        let mut made = Vec::new();
        for one in ready {
            made.extend(self.made(one, row.number, now)?.into_iter().map(Ok));
        }
        Ok(made)
    }

    fn draft(&self, mapping: &EventMapping, cells: &[Cell]) -> Result<Draft, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut event = Map::new();
        event.insert("specversion".to_owned(), Value::from("1.0"));
        let data_from = mapping.givens().count() - mapping.data.len();
        let mut kind = None;
        let mut data = Map::new();
        let mut odd = Vec::new();
        for (place, (name, given)) in mapping.givens().enumerate() {
            let of_data = place >= data_from;
            let want = match (of_data, kind) {
                (false, _) if name == "time" => Want::Time,
                (false, _) => Want::Plain,
                (true, None) => continue,
                (true, Some(kind)) => match mapping::field_of(kind, name) {
                    Some(field) => Want::Field(field),
                    // The column is of another kind.
                    None => continue,
                },
            };
            match self.value(given, want, cells) {
                Err(why) => faults.push(self.fault(name, of_data, given, cells, &why)),
                Ok(None) => {}
                Ok(Some(value)) if of_data => {
                    odd.extend(self.odd(name, given, want, &value));
                    data.insert(name.to_owned(), value);
                }
                Ok(Some(value)) if name == "type" => {
                    match value.as_str().and_then(mapping::kind_of) {
                        Some(found) => {
                            kind = Some(found);
                            let name = found.name();
                            let name = format!("vn.tonghop.{name}.v1");
                            event.insert("type".to_owned(), Value::from(name));
                        }
                        None => faults.push(Fault {
                            code: Some(RefusalCode::TypeUnknown.word()),
                            ..self.fault(
                                name,
                                false,
                                given,
                                cells,
                                "`tonghop template` lists the kinds",
                            )
                        }),
                    }
                }
                Ok(Some(value)) => drop(event.insert(name.to_owned(), value)),
            }
        }
        let given_unit = event.get("unit").and_then(Value::as_str);
        let unit = given_unit.and_then(UnitCode::parse);
        if unit.is_none() && !faults.iter().any(|fault| fault.what.contains("attribute: unit")) {
            let why = "give a code such as H41.16";
            faults.push(self.fault("unit", false, &mapping.unit, cells, why));
        }
        if kind.is_none() && faults.is_empty() {
            let why = "`tonghop template` lists the kinds";
            faults.push(self.fault("type", false, &mapping.kind, cells, why));
        }
        let (Some(kind), Some(unit), true) = (kind, unit, faults.is_empty()) else {
            return Err(faults);
        };
        event.insert("unit".to_owned(), Value::from(unit.as_str()));
        with_unit(&mut event, unit);
        event.insert("data".to_owned(), Value::Object(data));
        let has_id = event.contains_key("id");
        Ok(Draft { event, kind, unit, has_id, odd })
    }

    fn odd(&self, name: &str, given: &Given, want: Want, value: &Value) -> Option<Odd> {
        let Want::Field(field) = want else { return None };
        let why = oddities::of(field, value)?;
        let column = self.column_of(given).unwrap_or_else(|| name.to_owned());
        let value = value.as_str().unwrap_or_default().chars().take(80).collect();
        Some(Odd { column, value, why })
    }

    fn cell<'c>(&self, given: &Given, cells: &'c [Cell]) -> Cow<'c, Cell> {
        let place = given.column().and_then(|column| self.places.get(&column.heading));
        match place.and_then(|place| cells.get(*place)) {
            Some(cell) if *cell != Cell::Empty => Cow::Borrowed(cell),
            _ => Cow::Owned(given.constant()),
        }
    }

    fn value(&self, given: &Given, want: Want, cells: &[Cell]) -> Result<Option<Value>, String> {
        let hour: NaiveTime =
            given.column().map_or_else(mapping::hour_of_constants, mapping::Column::hour);
        let cell = self.cell(given, cells);
        // What the mapping says by itself is no word of its own.
        let column = given.column().filter(|_| matches!(cell, Cow::Borrowed(_)));
        value(&cell, want, column, hour)
    }

    /// A cell that is not what it should be, in the words of the contract.
    fn fault(&self, name: &str, of_data: bool, given: &Given, cells: &[Cell], why: &str) -> Fault {
        let (code, what) = if of_data {
            (RefusalCode::DataOutOfRange.word(), "field")
        } else {
            (RefusalCode::EnvelopeBadAttribute.word(), "attribute")
        };
        let cell = self.cell(given, cells);
        let text = if let Cell::Error(error) = &*cell {
            error.clone()
        } else {
            cell.text().unwrap_or_default()
        };
        let text: String = text.chars().take(80).collect();
        let what = format!("({what}: {name}, value: {text}): {why}");
        Fault { code: Some(code), column: self.column_of(given), what, vietnamese: None }
    }

    fn column_of(&self, given: &Given) -> Option<String> {
        let place = self.places.get(&given.column()?.heading)?;
        Some(self.heads.name(*place))
    }

    /// Gives the event its id, and has it read.
    fn checked<'m>(
        &mut self,
        draft: Draft,
        mapping: &'m EventMapping,
    ) -> anyhow::Result<Result<Ready<'m>, Fault>> {
        let Draft { mut event, kind, unit, has_id, odd } = draft;
        let subject = subject::of(unit, kind);
        let example = self.import.mapping.example.as_deref();
        if example.is_some() && event.get("subject").and_then(Value::as_str) == example {
            let what = "it is the example row of the template: delete it; if it is a real one, \
                        delete the line `example = …` of the mapping";
            let vietnamese = "Đây là dòng ví dụ của mẫu: xóa dòng này; nếu là hồ sơ thật thì xóa dòng \
                              `example = …` trong tệp ánh xạ.";
            return Ok(Err(self.fault_of_subject(mapping, what.to_owned(), vietnamese)));
        }
        let key = key_of(&event, unit, mapping);
        if !has_id {
            event.insert("id".to_owned(), Value::from(id_of(key, 1)));
        }
        let payload = serde_json::to_vec(&event)?;
        let raw = Raw { subject: &subject, headers: &[], payload: &payload };
        if let Err(refused) = self.decoder.decode(&raw) {
            return Ok(Err(self.refused(&refused, mapping)));
        }
        // No content is 0: that stands for what was refused.
        let content = (!has_id).then(|| Content::of(&payload).0.max(1));
        Ok(Ok(Ready { event, kind, key, content, payload, odd, mapping }))
    }

    fn fault_of_subject(
        &self,
        mapping: &EventMapping,
        what: String,
        vietnamese: &'static str,
    ) -> Fault {
        let column = self.column_of(&mapping.subject);
        Fault { code: None, column, what, vietnamese: Some(vietnamese) }
    }

    /// Which event of a row has a key that cannot say it, and why.
    fn fault_of_keys(&self, ready: &[Ready<'_>], row: u64, now: bool) -> Option<(usize, Fault)> {
        let memory = self.import.memory();
        let mut own: HashMap<u128, u64> = HashMap::new();
        for (place, Ready { key, content, mapping, .. }) in ready.iter().enumerate() {
            let Some(content) = *content else { continue };
            let seen = memory.seen.get(key).copied();
            let before = seen.or_else(|| own.insert(*key, content).map(|held| (row, held)));
            if let Some((before, _)) = before.filter(|(_, held)| *held != content) {
                let what = format!(
                    "row {before} has the same key and says something else; if both are meant, the \
                     mapping needs another `key`, such as [\"time\"]"
                );
                let vietnamese = "Một dòng phía trên cùng mã nhưng nội dung khác: giữ một dòng; nếu cả \
                                  hai đều đúng thì tệp ánh xạ cần `key` khác, ví dụ [\"time\"].";
                return Some((place, self.fault_of_subject(mapping, what, vietnamese)));
            }
            if now && !memory.said.may_say(*key, content) {
                let what = format!(
                    "it is not known what became of the last {OPEN_MAX} changes of this row: \
                     publish the sheet as it was published last, without --no-wait and while a \
                     projector runs, and then this one"
                );
                let vietnamese = "Chưa biết kết quả của các lần sửa trước của dòng này: gửi lại bảng \
                                  như lần trước, chờ kết quả, rồi mới gửi bảng này.";
                return Some((place, self.fault_of_subject(mapping, what, vietnamese)));
            }
        }
        None
    }

    /// The event to be sent; what it may have to replace comes before it.
    fn made(&self, ready: Ready<'_>, row: u64, now: bool) -> anyhow::Result<Vec<Made>> {
        let Ready { event, key, content, payload, odd, .. } = ready;
        let mut memory = self.import.memory();
        for odd in odd {
            memory.odd.note(odd, row);
        }
        let Some(content) = content else {
            return Ok(vec![Made { payload, role: Role::Itself }]);
        };
        memory.seen.entry(key).or_insert((row, content));
        if !now {
            return Ok(Vec::new());
        }
        // It was looked at before that it may.
        let Some(saying) = memory.said.say(key, content)? else { return Ok(Vec::new()) };
        memory.corrections += u64::from(saying.is_correction());
        drop(memory);
        let mut made = Vec::with_capacity(1);
        for generation in saying.generations() {
            let mut event = event.clone();
            event.insert("id".to_owned(), Value::from(id_of(key, generation)));
            if generation > 1 {
                let before = id_of(key, generation - 1);
                event.entry("replaces").or_insert_with(|| Value::from(before));
            }
            let role = match (generation == saying.generation, saying.open) {
                (false, _) => Role::StandIn,
                (true, 0) => Role::Itself,
                (true, _) => Role::Said(Spoken { key, generation, content }),
            };
            made.push(Made { payload: serde_json::to_vec(&event)?, role });
        }
        Ok(made)
    }

    /// What the decoder refuses, with the column that it speaks of.
    fn refused(&self, refused: &Refused, mapping: &EventMapping) -> Fault {
        let named = refused.refusal.args.iter().find_map(|(name, value)| match *name {
            "field" | "attribute" => Some(value.split(['.', '[']).next().unwrap_or(value)),
            "due_on" => Some("dueOn"),
            _ => None,
        });
        let given = named.and_then(|named| {
            mapping.givens().find(|(name, _)| *name == named).map(|(_, given)| given)
        });
        let code = refused.refusal.code.word();
        let text = refused.to_string();
        let what = text.strip_prefix(code).unwrap_or(&text).trim_start().to_owned();
        let column = given.and_then(|given| self.column_of(given));
        Fault { code: Some(code), column, what, vietnamese: None }
    }
}

/// Names the unit where the mapping says so.
fn with_unit(event: &mut Map<String, Value>, unit: UnitCode) {
    for name in ["source", "subject"] {
        if let Some(Value::String(text)) = event.get_mut(name) {
            *text = text.replace("{unit}", unit.as_str());
        }
    }
}

/// The id of what a key says: first, and after so many changes.
fn id_of(key: u128, generation: u32) -> String {
    if generation > 1 { format!("k-{key:032x}~{generation}") } else { format!("k-{key:032x}") }
}

/// What the row is about: kind, unit, subject, source, and what the mapping adds.
fn key_of(event: &Map<String, Value>, unit: UnitCode, mapping: &EventMapping) -> u128 {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    add(unit.as_str());
    let attribute = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["source", "type", "subject"] {
        add(attribute(name));
    }
    let day = || Instant::parse(attribute("time")).and_then(Instant::day);
    for part in &mapping.key {
        match part.as_str() {
            "time" | "replaces" => add(attribute(part)),
            "day" => add(&day().map(|day| day.to_string()).unwrap_or_default()),
            "year" => add(&day().map(|day| day.year().to_string()).unwrap_or_default()),
            field => {
                let name = field.strip_prefix("data.").unwrap_or(field);
                let value = event.get("data").and_then(|data| data.get(name));
                add(&value.map(Value::to_string).unwrap_or_default());
            }
        }
    }
    let digest = hash.finalize();
    digest.first_chunk::<16>().map_or(0, |first| u128::from_be_bytes(*first))
}
