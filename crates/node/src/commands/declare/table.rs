//! A table of declared figures, read cell by cell: what is wrong is told by row and column.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value};
use tonghop_core::day::Day;
use tonghop_core::words::Qualifier;

use crate::table::{self, Cell, Row};

/// The columns, as the first row names them.
const COLUMNS: &[&str] = &["indicator", "from", "to", "asOf", "value", "of", "qualifier", "note"];

/// What is done about a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is said.
    Declared,
    /// All that was said of it is taken back.
    Withdrawn,
}

impl Kind {
    /// The kind of the event.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A row that says a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// What is done about it.
    pub kind: Kind,
    /// The row in the file, from 1; the first is the head.
    pub row: u64,
    /// The id of the indicator.
    pub indicator: String,
    /// The data of the event.
    pub data: Map<String, Value>,
}

impl Declared {
    /// Takes back all that was declared of the indicator.
    pub fn withdrawn(indicator: Option<&str>) -> Self {
        let indicator = indicator.unwrap_or_default().to_owned();
        Self { kind: Kind::Withdrawn, row: 1, indicator, data: Map::new() }
    }
}

/// The figures of a CSV text, or all that is wrong with it.
pub fn of_csv(text: &str) -> Result<Vec<Declared>, Vec<String>> {
    let mut reading = Reading::default();
    let read = table::read_text(text, &mut |row| reading.row(row));
    reading.declared(read)
}

/// The figures of a CSV file or of the first sheet of a workbook, or all that is wrong with it.
pub fn of_file(path: &Path) -> Result<Vec<Declared>, Vec<String>> {
    let mut reading = Reading::default();
    let read = table::read(path, None, &mut |row| reading.row(row));
    reading.declared(read)
}

/// A table that is being read.
#[derive(Debug, Default)]
struct Reading {
    /// The first row, once it was met.
    heads: Option<Vec<String>>,
    declared: Vec<Declared>,
    problems: Vec<String>,
}

impl Reading {
    fn row(&mut self, row: Row) -> ControlFlow<()> {
        let Row { number, cells, .. } = row;
        let texts = cells.and_then(|cells| cells.iter().map(text).collect::<Result<Vec<_>, _>>());
        let cells = match texts {
            Ok(cells) => cells,
            Err(why) => {
                self.problems.push(format!("row {number}: {why}"));
                return ControlFlow::Continue(());
            }
        };
        let Some(heads) = &self.heads else {
            self.problems.extend(wrong_heads(&cells));
            self.heads = Some(cells);
            return if self.problems.is_empty() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            };
        };
        if cells.len() > heads.len() {
            self.problems.push(format!("row {number}: there are more cells than columns"));
            return ControlFlow::Continue(());
        }
        let named = heads.iter().map(String::as_str).zip(cells.iter().map(|c| Some(c.as_str())));
        match row_of(&named.collect::<Vec<_>>(), number) {
            Ok(figure) => self.declared.push(figure),
            Err(more) => self.problems.extend(more),
        }
        ControlFlow::Continue(())
    }

    fn declared(
        mut self,
        read: Result<(), table::TableError>,
    ) -> Result<Vec<Declared>, Vec<String>> {
        if let Err(why) = read {
            self.problems.push(why.to_string());
        } else if self.heads.is_none() {
            self.problems.push("it is empty".to_owned());
        }
        if self.problems.is_empty() { Ok(self.declared) } else { Err(self.problems) }
    }
}

/// What a cell says; a date cell says its day.
fn text(cell: &Cell) -> Result<String, String> {
    if let Cell::Moment(at) = cell {
        return Ok(at.format("%Y-%m-%d").to_string());
    }
    cell.text()
}

fn wrong_heads(heads: &[String]) -> Vec<String> {
    let known: Vec<String> = COLUMNS.iter().map(|&name| name.to_owned()).collect();
    let mut problems = Vec::new();
    for (place, head) in heads.iter().enumerate() {
        if heads.iter().take(place).any(|other| other == head) {
            problems.push(format!("row 1: the column {head:?} is there twice"));
        } else if !known.contains(head) {
            let hint = tonghop_wire::most_similar(head, &known).map_or_else(
                || format!("the columns are {}", COLUMNS.join(", ")),
                |similar| format!("did you mean {similar}?"),
            );
            problems.push(format!("row 1: {head:?} is no column; {hint}"));
        }
    }
    if problems.is_empty() && !heads.iter().any(|head| head == "indicator") {
        problems.push("row 1: there is no column indicator".to_owned());
    }
    problems
}

/// The figure of these cells.
pub fn of_cells(cells: &[(&str, Option<&str>)]) -> Result<Vec<Declared>, Vec<String>> {
    row_of(cells, 1).map(|figure| vec![figure])
}

fn row_of(cells: &[(&str, Option<&str>)], row: u64) -> Result<Declared, Vec<String>> {
    let (mut indicator, mut data, mut problems) = (String::new(), Map::new(), Vec::new());
    let mut qualifier = Qualifier::Exact;
    for (column, cell) in cells {
        let Some(cell) = cell.map(str::trim).filter(|cell| !cell.is_empty()) else { continue };
        let said = match *column {
            "indicator" => {
                cell.clone_into(&mut indicator);
                continue;
            }
            "value" | "of" => number(cell).map(Value::from),
            "from" | "to" | "asOf" => day(cell).map(|day| Value::from(day.to_string())),
            "qualifier" => qualifier_of(cell).map(|word| {
                qualifier = word;
                Value::from(word.word())
            }),
            _ => Ok(Value::from(cell)),
        };
        match said {
            Ok(value) => drop(data.insert((*column).to_owned(), value)),
            Err(why) => problems.push(format!("row {row}, column {column}: {cell:?} {why}")),
        }
    }
    if indicator.is_empty() {
        problems.push(format!("row {row}, column indicator: it is empty"));
    }
    let wrong_value = problems.iter().any(|problem| problem.contains("column value"));
    let value = data.get("value").and_then(Value::as_u64);
    if qualifier == Qualifier::Nil && value.is_some_and(|value| value > 0) {
        problems.push(format!(
            "row {row}, column value: NIL says that nothing occurred; leave the value empty"
        ));
    }
    if let (Some(value), Some(of)) = (value, data.get("of").and_then(Value::as_u64))
        && value > of
    {
        problems.push(format!("row {row}, column value: {value} is more than the {of} of which"));
    }
    // Days as ISO 8601 writes them are in the order of their texts.
    let named = |name: &str| data.get(name).and_then(Value::as_str);
    match (named("from"), named("to")) {
        (Some(from), Some(to)) if from > to => problems
            .push(format!("row {row}, column to: the window ends on {to}, before it begins")),
        (Some(_), None) if !problems.iter().any(|problem| problem.contains("column to")) => {
            problems.push(format!("row {row}, column to: it is empty; on which day does it end?"));
        }
        _ => {}
    }
    if qualifier != Qualifier::Nil && value.is_none() && !wrong_value {
        problems.push(format!(
            "row {row}, column value: it is empty; give a number, or the qualifier NIL if nothing \
             occurred"
        ));
    }
    data.entry("qualifier").or_insert_with(|| Value::from(qualifier.word()));
    if problems.is_empty() {
        Ok(Declared { kind: Kind::Declared, row, indicator, data })
    } else {
        Err(problems)
    }
}

fn number(cell: &str) -> Result<u32, String> {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    if let (true, Ok(number)) = (digits, cell.parse()) {
        return Ok(number);
    }
    let hint = if digits {
        "it is larger than 4294967295"
    } else if cell.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        "write it whole and without separators: 4000, not 4.000; 73,5% is value 735 of 1000"
    } else {
        "write 4000 there, and AT_LEAST, AT_MOST or APPROXIMATE in qualifier for a bound"
    };
    Err(format!("is no whole number; {hint}"))
}

/// `2021-09-06` or `06/09/2021`.
fn day(cell: &str) -> Result<Day, String> {
    let vietnamese = || {
        let (day, rest) = cell.split_once('/')?;
        let (month, year) = rest.split_once('/')?;
        (year.len() == 4)
            .then(|| Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))?
    };
    Day::parse(cell)
        .or_else(vietnamese)
        .ok_or_else(|| "is no day; write 2021-09-06 or 06/09/2021".to_owned())
}

fn qualifier_of(cell: &str) -> Result<Qualifier, String> {
    let word = cell.to_ascii_uppercase().replace('-', "_");
    Qualifier::parse(&word).ok_or_else(|| {
        "is no qualifier; it is one of EXACT, AT_LEAST, AT_MOST, APPROXIMATE, NIL".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_by_row_and_column() {
        let text = "indicator,from,to,value,of,qualifier,note\n\
                    portal.posted,01/06/2021,2021-09-06,60,,,tin\n\
                    certificates.valid,,,trên 4.000,,,\n\
                    accounts.open,,,16.017,,,\n\
                    ,,2021-02-30,7,x,roughly,\n\
                    feedback.received,,,,,,\n\
                    feedback.received,,,,,nil,\n";
        let problems = of_csv(text).unwrap_err().join("\n");
        expect![[r#"
            row 3, column value: "trên 4.000" is no whole number; write 4000 there, and AT_LEAST, AT_MOST or APPROXIMATE in qualifier for a bound
            row 4, column value: "16.017" is no whole number; write it whole and without separators: 4000, not 4.000; 73,5% is value 735 of 1000
            row 5, column to: "2021-02-30" is no day; write 2021-09-06 or 06/09/2021
            row 5, column of: "x" is no whole number; write 4000 there, and AT_LEAST, AT_MOST or APPROXIMATE in qualifier for a bound
            row 5, column qualifier: "roughly" is no qualifier; it is one of EXACT, AT_LEAST, AT_MOST, APPROXIMATE, NIL
            row 5, column indicator: it is empty
            row 6, column value: it is empty; give a number, or the qualifier NIL if nothing occurred"#]].assert_eq(&problems);
        let good = of_csv(&text.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
        let data = serde_json::json!({
            "from": "2021-06-01", "to": "2021-09-06", "value": 60, "note": "tin", "qualifier": "EXACT"
        });
        assert_eq!(Value::Object(good[0].data.clone()), data);
        assert_eq!(good[0].row, 2);
    }

    #[test]
    fn a_column_that_is_none_is_told() {
        let problems = of_csv("indicator,valu,to\na,1,2021-01-01\n").unwrap_err();
        assert_eq!(problems, ["row 1: \"valu\" is no column; did you mean value?"]);
    }

    #[test]
    fn a_workbook_is_read_like_a_table() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/declared");
        let good = of_file(&dir.join("good.xlsx")).unwrap();
        let data: Vec<String> =
            good.iter().map(|figure| Value::Object(figure.data.clone()).to_string()).collect();
        expect![[r#"
            {"from":"2021-06-01","qualifier":"EXACT","to":"2021-09-06","value":60}
            {"qualifier":"AT_LEAST","value":4000}"#]]
        .assert_eq(&data.join("\n"));
        let problems = of_file(&dir.join("bad.xlsx")).unwrap_err().join("\n");
        expect![[r#"
            row 2, column value: "trên 60" is no whole number; write 4000 there, and AT_LEAST, AT_MOST or APPROXIMATE in qualifier for a bound
            row 3, column value: "73.5" is no whole number; write it whole and without separators: 4000, not 4.000; 73,5% is value 735 of 1000"#]].assert_eq(&problems);
    }
}
