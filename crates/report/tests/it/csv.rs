//! CSV-1: CSV is read back by the names of its columns, as a program would, and is what the JSON says.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tonghop_core::declared::Range;
use tonghop_core::read::{Share, Value};
use tonghop_report::{
    BoundAnswer, CellAnswer, Cells, FormAnswer, Ratio, RowAnswer, RowOf, SaidAnswer, csv,
};

use crate::sample::{form, form_without_data};

type Line = BTreeMap<String, String>;

/// The lines of a file, by the names in its head.
fn read(text: &str) -> Vec<Line> {
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let names: BTreeSet<&str> = head.iter().collect();
    assert_eq!(names.len(), head.len(), "each name once: {head:?}");
    let line = |line: ::csv::StringRecord| {
        head.iter().zip(&line).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    };
    reader.records().map(|record| line(record.unwrap())).collect()
}

/// The figure of a column, from its fields alone. `exact` is what the number is called; where it is
/// all that there is, an empty one beside a status is missing.
fn figure(line: &Line, exact: &str, prefix: &str) -> Option<Value> {
    let text = |name: &str| line.get(&format!("{prefix}{name}")).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).map(|text| text.parse::<i64>().unwrap());
    let value = line.get(exact).filter(|text| !text.is_empty());
    let value = value.map(|text| Value::Count(text.parse().unwrap()));
    let share = number("part").map(|part| Share { part, whole: number("whole").unwrap() });
    let exact = value.or(share.map(Value::Share));
    match text("said").map(String::as_str) {
        None => exact.or(text("status").map(|_| Value::Missing)),
        Some("exact") => Some(exact.unwrap()),
        Some("nil") => Some(Value::Nil),
        Some("missing") => {
            assert_eq!(exact, None, "nothing is no number");
            Some(Value::Missing)
        }
        Some("bound") => {
            assert_eq!(exact, None, "a bound is no number");
            let rough = text("rough").is_some();
            let range = match number("approximately") {
                Some(about) => Range { low: about, high: Some(about), rough: true },
                None => Range { low: number("atLeast").unwrap(), high: number("atMost"), rough },
            };
            Some(number("of").map_or(Value::Bound(range), |of| Value::BoundShare(range, of)))
        }
        Some(other) => panic!("{other}"),
    }
}

fn cell(value: Value, status: &str) -> CellAnswer {
    let bound = |range: Range| {
        let about = range.high.filter(|high| range.rough && *high == range.low);
        Some(match about {
            Some(_) => BoundAnswer { approximately: about, ..BoundAnswer::default() },
            None => BoundAnswer {
                at_least: Some(range.low),
                at_most: range.high,
                approximately: None,
                rough: range.rough.then_some(true),
            },
        })
    };
    let none = SaidAnswer::default();
    let (value, ratio, said) = match value {
        Value::Count(value) => (Some(value), None, none),
        Value::Share(Share { part, whole }) => (None, Some(Ratio { part, whole }), none),
        Value::Nil => (Some(0), None, SaidAnswer { nil: Some(true), ..none }),
        Value::Missing => (None, None, SaidAnswer { missing: Some(true), ..none }),
        Value::Bound(range) => (None, None, SaidAnswer { bound: bound(range), ..none }),
        Value::BoundShare(range, of) => {
            (None, None, SaidAnswer { bound: bound(range), of: Some(of), ..none })
        }
    };
    CellAnswer { value, ratio, said, status: status.to_owned(), figure: None }
}

fn range() -> impl Strategy<Value = Range> {
    (0..4_i64, prop::option::of(0..4_i64), any::<bool>()).prop_map(|(low, more, rough)| {
        // A range of one number that is not rough is that number.
        let high = more.map(|more| low + more.max(i64::from(!rough)));
        Range { low, high, rough }
    })
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-2..3_i64).prop_map(Value::Count),
        any::<i64>().prop_map(Value::Count),
        (0..3_i64, 0..3_i64).prop_map(|(part, whole)| Value::Share(Share { part, whole })),
        Just(Value::Nil),
        Just(Value::Missing),
        range().prop_map(Value::Bound),
        (range(), 0..9_i64).prop_map(|(range, of)| Value::BoundShare(range, of)),
    ]
}

fn cells() -> impl Strategy<Value = Vec<Option<CellAnswer>>> {
    let status = prop_oneof![Just("computed"), Just("provisional"), Just("declared")];
    let some = (value(), status).prop_map(|(value, status)| cell(value, status));
    prop::collection::vec(prop::option::weighted(0.8, some), 3)
}

fn row() -> impl Strategy<Value = (RowAnswer, Vec<Option<CellAnswer>>)> {
    let text = "[a\"',;\r\n=ố]{0,4}";
    let kind =
        prop_oneof![Just(RowOf::Unit), Just(RowOf::Code), Just(RowOf::Slot), Just(RowOf::Total)];
    (text, text, kind, cells()).prop_map(|(key, label, kind, cells)| {
        let (indicator, counted, level) = (None, None, None);
        let row =
            RowAnswer { key, label, level, kind, indicator, counted, cells: Cells::default() };
        (row, cells)
    })
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

fn same(line: &Line, row: &RowAnswer) {
    assert_eq!((&line["key"], &line["label"]), (&harmless(&row.key), &harmless(&row.label)));
    assert_eq!((&*line["kind"], &*line["computedTo"]), (row.kind.word(), "2021-07-20"));
}

const NATURES: [&str; 5] = ["flow", "stock", "distinct", "ratio", "declared"];

proptest! {
    #[test]
    fn a_form_is_read_back_from_its_csv(
        natures in prop::collection::vec(prop::sample::select(&NATURES), 3),
        rows in prop::collection::vec(row(), 0..5),
    ) {
        let mut form = form();
        form.columns.truncate(3);
        form.computed_to = Some("2021-07-20".to_owned());
        for (column, nature) in form.columns.iter_mut().zip(natures) {
            column.nature = nature.to_owned();
        }
        let keys: Vec<String> = form.columns.iter().map(|column| column.key.clone()).collect();
        let with_cells = |(mut row, cells): (RowAnswer, Vec<Option<CellAnswer>>)| {
            let cells = keys.iter().cloned().zip(cells);
            row.cells = Cells(cells.filter_map(|(key, cell)| Some((key, cell?))).collect());
            row
        };
        form.rows = rows.into_iter().map(with_cells).collect();
        let lines = read(&csv::csv(&form));
        prop_assert_eq!(lines.len(), form.rows.len());
        for (line, row) in lines.iter().zip(&form.rows) {
            same(line, row);
            for column in &form.columns {
                let answered = row.cells.get(&column.key);
                let prefix = format!("{}.", column.key);
                let exact = match column.nature.as_str() {
                    "ratio" => format!("{prefix}value"),
                    _ => column.key.clone(),
                };
                let held = figure(line, &exact, &prefix);
                prop_assert_eq!(held, answered.and_then(CellAnswer::figure), "{:?}", line);
                let status = answered.map_or("", |cell| &cell.status);
                prop_assert_eq!(&line[&format!("{prefix}status")], status);
            }
        }
    }

    #[test]
    fn a_list_is_read_back_from_its_csv(rows in prop::collection::vec(row(), 0..5)) {
        let mut form: FormAnswer = form();
        form.columns.clear();
        form.computed_to = Some("2021-07-20".to_owned());
        let with_cell = |(mut row, cells): (RowAnswer, Vec<Option<CellAnswer>>)| {
            let cell = cells.into_iter().next().flatten();
            row.cells = Cells(cell.map(|cell| ("value".to_owned(), cell)).into_iter().collect());
            row
        };
        form.rows = rows.into_iter().map(with_cell).collect();
        let lines = read(&csv::csv(&form));
        prop_assert_eq!(lines.len(), form.rows.len());
        for (line, row) in lines.iter().zip(&form.rows) {
            same(line, row);
            let answered = row.cells.get("value");
            prop_assert_eq!(figure(line, "value", ""), answered.and_then(CellAnswer::figure));
            prop_assert_eq!(&line["status"], answered.map_or("", |cell| &cell.status));
        }
    }
}

#[test]
fn computed_columns_stay_where_they_were_and_have_a_status_behind() {
    let text = csv::csv(&form());
    let head = text.split_once("\r\n").unwrap().0;
    let without = csv::csv(&form_without_data());
    assert_eq!(without.split_once("\r\n").unwrap().0, head, "whatever there is no data of");
    let commune = without.lines().find(|line| line.starts_with("H41.30.1,")).unwrap();
    assert!(commune.contains(",5,2,3,,4,"), "{commune}");
    let columns: Vec<String> = form().columns.into_iter().map(|column| column.key).collect();
    let status: Vec<String> = columns.iter().map(|key| format!("{key}.status")).collect();
    let wanted =
        format!("key,label,level,{},kind,computedTo,{}", columns.join(","), status.join(","));
    assert_eq!(head, wanted);
}
