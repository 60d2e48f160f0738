//! Forms filled in: rows and columns of figures, as the catalogue lays them out.

use std::collections::BTreeMap;

use crate::book::{Book, FacetBooks};
use crate::catalogue::{Catalogue, Form, Indicator, Layout, Rule, Slot};
use crate::day::Day;
use crate::measure::FacetKind;
use crate::read::{Amounts, Opened, Query, Readings, Scope, Total, Tree, Unheard, Value};
use crate::registry::{Registry, Unit};
use crate::unit_code::UnitCode;
use crate::words::Level;

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowKey {
    /// A unit and its subtree.
    Unit(UnitCode, Option<Level>),
    /// A code of a facet.
    Code(String),
    /// One indicator of a list: the place of its slot.
    Slot(usize),
    /// The whole subtree.
    Total,
}

impl RowKey {
    /// What the row is about, in a word: agencies choose their codes, so that no code tells it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unit(..) => "unit",
            Self::Code(_) => "code",
            Self::Slot(_) => "slot",
            Self::Total => "total",
        }
    }
}

/// A row with a value for each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub key: RowKey,
    /// What to call it, where the catalogue does not say: a unit's name, a code.
    pub label: String,
    /// One value for each slot of the form; for a list, the one value.
    pub values: Vec<Value>,
}

/// Sums by level, with one value for each slot of the form.
type Levels = Vec<(Option<Level>, Vec<Value>)>;

/// A form filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The rows in order; `TOTAL` is last where there is one.
    pub rows: Vec<Row>,
    /// The units' own figures summed by level, for forms by unit; each unit once.
    pub levels: Levels,
    /// How many units were never heard of anything that the form counts.
    pub unheard: Option<Unheard>,
}

/// What is read from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The registry as known at the query's day of knowledge.
    pub registry: &'a Registry,
    /// Cells of all.
    pub book: &'a Book,
    /// Cells by facet: for those kinds that [`facets_needed`] names those of all units, and by field
    /// those of the units that [`crate::read::divided_units`] names.
    pub facets: &'a BTreeMap<FacetKind, FacetBooks>,
}

/// The kinds of facet that must be read for a form.
pub fn facets_needed(form: &Form, catalogue: &Catalogue) -> Vec<FacetKind> {
    let mut kinds: Vec<FacetKind> = form
        .slots
        .iter()
        .filter_map(|slot| catalogue.indicators.get(slot.indicator))
        .flat_map(|indicator| indicator.rule.facets_read())
        .map(|(kind, _)| kind)
        .collect();
    if let Layout::ByFacet(kind) = form.layout {
        kinds.push(kind);
    }
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// The value of one indicator for the query's unit and window.
pub fn figure(indicator: &Indicator, query: Query, sources: Sources<'_>) -> Value {
    let scope = scope(query, sources);
    let (book, mut read) = (scope.open(sources.book, sources.facets), Readings::default());
    scope.value(&indicator.rule, &book, &mut read)
}

/// The value of one indicator in the cells of one code of a facet.
pub fn figure_of_code(
    indicator: &Indicator,
    query: Query,
    sources: Sources<'_>,
    kind: FacetKind,
    code: &str,
) -> Value {
    let scope = scope(query, sources);
    let (empty, all) = (Book::default(), scope.open(sources.book, sources.facets));
    let book = sources.facets.get(&kind).and_then(|books| books.get(code)).unwrap_or(&empty);
    let book = scope.open_code(kind, code, book, &all);
    scope.value(&indicator.rule, &book, &mut Readings::default())
}

/// The day by which a unit is named, in rows and in heads: the last day that is computed, or the
/// day of the tree that is read; for a unit that is no more on it, the last day on which it was.
pub fn naming_day(query: &Query, unit: &Unit) -> Day {
    unit.last_day(match query.tree {
        Tree::AsWas => query.days().to,
        Tree::On(day) => day,
    })
}

/// Fills in a form.
pub fn fill(form: &Form, catalogue: &Catalogue, query: Query, sources: Sources<'_>) -> Table {
    let indicators =
        form.slots.iter().filter_map(|slot: &Slot| catalogue.indicators.get(slot.indicator));
    let columns: Vec<&Rule> = indicators.clone().map(|indicator| &indicator.rule).collect();
    let asked: Vec<bool> = indicators.map(|held| held.is_asked_in(query.window)).collect();
    let scope = scope(query, sources);
    let filling = Filling { columns, query, sources, scope };
    let (rows, levels) = match form.layout {
        Layout::ByUnit => filling.by_unit(),
        Layout::ByFacet(kind) => (filling.by_facet(kind), Vec::new()),
        Layout::List => (filling.list(form, &asked), Vec::new()),
    };
    let rules = filling.columns.iter().zip(&asked).filter(|(_, is_asked)| **is_asked);
    let unheard = filling.scope.unheard(rules.map(|(rule, _)| *rule), &filling.all());
    Table { rows, levels, unheard }
}

fn scope(query: Query, sources: Sources<'_>) -> Scope<'_> {
    let units: Vec<UnitCode> = sources.book.units().map(|(code, _)| code).collect();
    Scope::new(query, sources.registry, &units)
}

struct Filling<'a> {
    columns: Vec<&'a Rule>,
    query: Query,
    sources: Sources<'a>,
    scope: Scope<'a>,
}

impl Filling<'_> {
    fn by_unit(&self) -> (Vec<Row>, Levels) {
        let book = self.all();
        let mut read = Readings::default();
        let columns: Vec<Vec<Value>> =
            self.columns.iter().map(|rule| self.scope.by_unit(rule, &book, &mut read)).collect();
        let row_of = |place: usize| -> Vec<Value> {
            columns.iter().filter_map(|column| column.get(place)).copied().collect()
        };
        let mut rows = Vec::new();
        for (place, code) in self.scope.codes().iter().enumerate() {
            let values = row_of(place);
            if values.iter().all(|value| value.is_zero()) {
                continue;
            }
            let unit = self.sources.registry.get(*code);
            let name = unit.map_or("", |unit| unit.name(naming_day(&self.query, unit)));
            let (key, label) = (RowKey::Unit(*code, self.level(*code)), name.to_owned());
            rows.push(Row { key, label, values });
        }
        let root = self.scope.codes().binary_search(&self.query.root).unwrap_or(usize::MAX);
        rows.push(Row { key: RowKey::Total, label: String::new(), values: row_of(root) });
        (rows, self.levels(&book, &mut read))
    }

    fn level(&self, code: UnitCode) -> Option<Level> {
        self.sources.registry.get(code).and_then(|unit| unit.level(naming_day(&self.query, unit)))
    }

    /// The units' own figures, each unit once, summed by its level; distinct counts and ratios are
    /// not added, so that forms with such columns have no levels. A level of which no unit was heard
    /// is left out.
    fn levels(&self, book: &Opened<'_>, read: &mut Readings<Amounts>) -> Levels {
        let levels_of_units: Vec<Option<Level>> =
            self.scope.codes().iter().map(|code| self.level(*code)).collect();
        let mut levels: BTreeMap<Option<Level>, Vec<Option<i64>>> = BTreeMap::new();
        for (column, rule) in self.columns.iter().enumerate() {
            let Some(own) = self.scope.own(rule, book, read) else { return Vec::new() };
            for (level, amount) in levels_of_units.iter().zip(own) {
                let Some(amount) = amount else { continue };
                let sums = levels.entry(*level).or_insert_with(|| vec![None; self.columns.len()]);
                if let Some(sum) = sums.get_mut(column) {
                    *sum = Some(sum.unwrap_or(0) + amount);
                }
            }
        }
        let value = |sum: Option<i64>| sum.map_or(Value::Missing, Value::Count);
        levels
            .into_iter()
            .map(|(level, sums)| (level, sums.into_iter().map(value).collect()))
            .collect()
    }

    fn by_facet(&self, kind: FacetKind) -> Vec<Row> {
        let books = self.sources.facets.get(&kind);
        let (all, mut read) = (self.all(), Readings::default());
        let mut rows: Vec<Row> = books
            .into_iter()
            .flat_map(FacetBooks::iter)
            .map(|(code, book)| {
                read.next_code();
                let opened = self.scope.open_code(kind, code, book, &all);
                let values = self.values(&opened, &mut read);
                Row { key: RowKey::Code(code.to_owned()), label: code.to_owned(), values }
            })
            .filter(|row| row.values.iter().any(|value| !value.is_zero()))
            .collect();
        read.next_code();
        let values = self.values(&all, &mut read);
        rows.push(Row { key: RowKey::Total, label: String::new(), values });
        rows
    }

    /// A row for each slot whose indicator is asked for in the window.
    fn list(&self, form: &Form, asked: &[bool]) -> Vec<Row> {
        let mut values = self.values(&self.all(), &mut Readings::default());
        let province = Query { root: self.query.root.level_1(), ..self.query };
        if province != self.query && form.slots.iter().any(|slot| slot.of_province) {
            let scope = scope(province, self.sources);
            let book = scope.open(self.sources.book, self.sources.facets);
            let mut read = Readings::default();
            let places = form.slots.iter().zip(&self.columns).zip(&mut values);
            for ((_, rule), value) in places.filter(|((slot, _), _)| slot.of_province) {
                *value = scope.value(rule, &book, &mut read);
            }
        }
        values
            .into_iter()
            .enumerate()
            .filter(|(place, _)| asked.get(*place) == Some(&true))
            .map(|(place, value)| Row {
                key: RowKey::Slot(place),
                label: String::new(),
                values: vec![value],
            })
            .collect()
    }

    /// The cells of all.
    fn all(&self) -> Opened<'_> {
        self.scope.open(self.sources.book, self.sources.facets)
    }

    /// The value of each column for the root's subtree.
    fn values(&self, book: &Opened<'_>, read: &mut Readings<Total>) -> Vec<Value> {
        self.columns.iter().map(|rule| self.scope.value(rule, book, read)).collect()
    }
}
