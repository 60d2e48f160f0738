//! Biểu 06 as the tests read it, and how a figure is asked for.

use tonghop_core::catalogue::{
    Catalogue, Form, Indicator, Label, Layout, Nature, Rule, Slot, Term,
};
use tonghop_core::day::Window;
use tonghop_core::form::{Sources, figure};
use tonghop_core::read::{Query, Tree, Value};
use tonghop_core::registry::Registry;
use tonghop_core::unit_code::UnitCode;

use super::store::Store;

/// Columns of Biểu 06 with their terms; the memo classes stand beside them.
pub(crate) const BIEU_06: &[(&str, &str)] = &[
    (
        "c3",
        "flow:dossier.received_online flow:dossier.received_direct flow:dossier.received_post opening:dossier.pending",
    ),
    ("c4", "flow:dossier.received_online"),
    ("c5", "flow:dossier.received_direct flow:dossier.received_post"),
    ("c6", "opening:dossier.pending"),
    (
        "c7",
        "flow:dossier.settled_early flow:dossier.settled_on_time flow:dossier.settled_no_due flow:dossier.withdrawn flow:dossier.stopped flow:dossier.settled_late",
    ),
    ("c8", "flow:dossier.settled_early"),
    (
        "c9",
        "flow:dossier.settled_on_time flow:dossier.settled_no_due flow:dossier.withdrawn flow:dossier.stopped",
    ),
    ("c10", "flow:dossier.settled_late"),
    ("c11", "closing:dossier.pending"),
    ("c12", "closing:dossier.pending -closing:dossier.overdue"),
    ("c13", "closing:dossier.overdue"),
    ("in", "flow:dossier.transferred_in"),
    ("out", "flow:dossier.transferred_out"),
    ("moved_in", "moved_in:dossier.pending"),
    ("moved_out", "moved_out:dossier.pending"),
    ("waiting", "closing:dossier.waiting"),
    ("reopened", "flow:dossier.reopened"),
    ("noDueDate", "flow:dossier.settled_no_due"),
    ("withdrawn", "flow:dossier.withdrawn"),
    ("stopped", "flow:dossier.stopped"),
    ("refused", "flow:dossier.refused"),
    ("returned", "flow:dossier.returned"),
];

/// The rule that sums these terms.
pub(crate) fn sum(terms: &str) -> Rule {
    Rule::Sum(terms.split(' ').map(|text| Term::parse(text).unwrap()).collect())
}

/// An indicator of this rule.
pub(crate) fn indicator(id: &str, rule: Rule) -> Indicator {
    let label = Label { vi: id.to_owned(), en: id.to_owned() };
    Indicator {
        id: id.to_owned(),
        label: label.clone(),
        counted: label,
        nature: Nature::Flow,
        rule,
        source: String::new(),
        valid_from: None,
        valid_to: None,
    }
}

/// A catalogue with one form over these indicators.
pub(crate) fn catalogue(layout: Layout, columns: &[(&str, &str)]) -> Catalogue {
    let label = |id: &str| Label { vi: id.to_owned(), en: id.to_owned() };
    let slots = columns.iter().enumerate().map(|(indicator, (key, _))| Slot {
        key: (*key).to_owned(),
        label: label(key),
        short: None,
        number: None,
        memo: false,
        of_province: false,
        indicator,
    });
    let form = Form {
        id: "form".to_owned(),
        label: label("form"),
        source: String::new(),
        layout,
        slots: slots.collect(),
        groups: Vec::new(),
        identities: Vec::new(),
        sections: Vec::new(),
    };
    let indicators = columns.iter().map(|(id, terms)| indicator(id, sum(terms))).collect();
    Catalogue { indicators, forms: vec![form], calendars: Vec::new(), checks: Vec::new() }
}

/// A count, as it counts in a sum: what is missing is nothing (SIL-1).
pub(crate) fn amount(value: Value) -> i64 {
    match value {
        Value::Count(count) => count,
        Value::Missing => 0,
        Value::Share(_) | Value::Nil | Value::Bound(_) | Value::BoundShare(..) => {
            panic!("{value:?} is no count")
        }
    }
}

/// Counts added up: missing if all of them are.
pub(crate) fn added(values: impl IntoIterator<Item = Value>) -> Value {
    let told = values.into_iter().filter(|value| *value != Value::Missing);
    told.map(amount).reduce(|sum, more| sum + more).map_or(Value::Missing, Value::Count)
}

/// What is read: a store laid out once.
#[derive(Debug)]
pub(crate) struct Reader {
    book: tonghop_core::book::Book,
    facets: std::collections::BTreeMap<
        tonghop_core::measure::FacetKind,
        tonghop_core::book::FacetBooks,
    >,
    registry: Registry,
}

impl Reader {
    pub(crate) fn new(store: &Store, registry: &Registry) -> Self {
        Self { book: store.book(), facets: store.facets(), registry: registry.clone() }
    }

    pub(crate) fn sources(&self) -> Sources<'_> {
        Sources { registry: &self.registry, book: &self.book, facets: &self.facets }
    }

    /// The count that these terms come to in the tree of each day.
    pub(crate) fn count(&self, root: UnitCode, window: Window, terms: &str) -> i64 {
        let query = Query { root, window, known: None, tree: Tree::AsWas, read_on: None };
        self.count_of(query, terms)
    }

    /// The count that these terms come to; what is missing is nothing in a sum (SIL-1).
    pub(crate) fn count_of(&self, query: Query, terms: &str) -> i64 {
        amount(self.figure(query, terms))
    }

    /// The figure that these terms come to.
    pub(crate) fn figure(&self, query: Query, terms: &str) -> Value {
        figure(&indicator("x", sum(terms)), query, self.sources())
    }

    /// A column of Biểu 06.
    pub(crate) fn column(&self, root: UnitCode, window: Window, name: &str) -> i64 {
        let (_, terms) = BIEU_06.iter().find(|(key, _)| *key == name).unwrap();
        self.count(root, window, terms)
    }
}
