//! A table of declared figures, read cell by cell: what is wrong is told by row and column.

use serde_json::{Map, Value};
use tonghop_core::day::Day;
use tonghop_core::words::Qualifier;

/// The columns, as the first row names them.
const COLUMNS: &[&str] = &["indicator", "from", "to", "asOf", "value", "of", "qualifier", "note"];

/// A row that says a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The row in the file, from 1; the first is the head.
    pub row: u64,
    /// The id of the indicator.
    pub indicator: String,
    /// The data of the event.
    pub data: Map<String, Value>,
}

/// The figures of a CSV text, or all that is wrong with it.
pub fn of_csv(text: &str) -> Result<Vec<Declared>, Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let heads = reader.headers().map_err(|why| vec![format!("row 1: {why}")])?.clone();
    let mut problems = Vec::new();
    for head in &heads {
        if !COLUMNS.contains(&head) {
            let known: Vec<String> = COLUMNS.iter().map(|&name| name.to_owned()).collect();
            let hint = tonghop_wire::most_similar(head, &known).map_or_else(
                || format!("the columns are {}", COLUMNS.join(", ")),
                |similar| format!("did you mean {similar}?"),
            );
            problems.push(format!("row 1: {head:?} is no column; {hint}"));
        }
    }
    if !heads.iter().any(|head| head == "indicator") {
        problems.push("row 1: there is no column indicator".to_owned());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut declared = Vec::new();
    for (record, row) in reader.into_records().zip(2_u64..) {
        let record = match record {
            Ok(record) => record,
            Err(why) => {
                problems.push(format!("row {row}: {why}"));
                continue;
            }
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() > heads.len() {
            problems.push(format!("row {row}: there are more cells than columns"));
            continue;
        }
        let cells = heads.iter().zip(record.iter().map(Some)).collect::<Vec<_>>();
        match row_of(&cells, row) {
            Ok(figure) => declared.push(figure),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(declared) } else { Err(problems) }
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
    if qualifier != Qualifier::Nil && !data.contains_key("value") && !wrong_value {
        problems.push(format!(
            "row {row}, column value: it is empty; give a number, or the qualifier NIL if nothing \
             occurred"
        ));
    }
    data.entry("qualifier").or_insert_with(|| Value::from(qualifier.word()));
    if problems.is_empty() { Ok(Declared { row, indicator, data }) } else { Err(problems) }
}

fn number(cell: &str) -> Result<u32, String> {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    if let (true, Ok(number)) = (digits, cell.parse()) {
        return Ok(number);
    }
    let hint = if digits {
        "it is larger than 4294967295"
    } else if cell.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        "write it whole and without separators: 4000, not 4.000; a percentage is value 735 of 1000"
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
        expect![[r#""#]].assert_eq(&problems);
        let good = of_csv(&text.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
        let data = serde_json::json!({
            "from": "2021-06-01", "to": "2021-09-06", "value": 60, "note": "tin", "qualifier": "EXACT"
        });
        assert_eq!(Value::Object(good[0].data.clone()), data);
        assert_eq!(good[0].row, 2);
    }

    #[test]
    fn a_column_that_is_none_is_told() {
        let problems = of_csv("indicator,valeu,to\na,1,2021-01-01\n").unwrap_err();
        assert_eq!(problems, ["row 1: \"valeu\" is no column; did you mean value?"]);
    }
}
