//! Cells that are accepted and are probably wrong: told, and sent all the same.
//!
//! There is no list of procedures and fields to look a code up in before it is sent; what a code
//! looks like is known.

use std::collections::BTreeMap;

use serde_json::Value;
use tonghop_wire::kind::{Field, Form};

/// The most different oddities that are kept, and the most rows that each names.
const KEPT_MAX: usize = 100;
const ROWS_MAX: usize = 5;
/// Digits behind the point of a national code of a procedure.
const DIGITS: usize = 6;

/// What is odd about a value of this field, if anything is.
pub(super) fn of(field: &Field, value: &Value) -> Option<&'static str> {
    let text = value.as_str()?;
    if matches!(field.form, Form::Procedure) && has_lost_zeros(text) {
        return Some(
            "a national code has six digits behind the point, as 1.005120 has: has the spreadsheet \
             dropped zeros?",
        );
    }
    let is_name = field.json == "field" && (text.contains(' ') || !text.is_ascii());
    is_name.then_some("it looks like the name of a field, and not like its code (buu-chinh)")
}

/// `1.00512`, which was `1.005120`; what follows a second point is the suffix of a local code.
fn has_lost_zeros(code: &str) -> bool {
    let mut parts = code.split('.');
    let (Some(first), Some(digits)) = (parts.next(), parts.next()) else { return false };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    first.len() == 1 && is_number(first) && is_number(digits) && (1..DIGITS).contains(&digits.len())
}

/// What was found odd: in which column, which value, and why, with the rows.
#[derive(Debug, Default)]
pub(super) struct Oddities(BTreeMap<Odd, (u64, Vec<u64>)>);

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Odd {
    pub(super) column: String,
    pub(super) value: String,
    pub(super) why: &'static str,
}

impl Oddities {
    /// Another row has it.
    pub(super) fn note(&mut self, odd: Odd, row: u64) {
        if self.0.len() >= KEPT_MAX && !self.0.contains_key(&odd) {
            return;
        }
        let (count, rows) = self.0.entry(odd).or_default();
        *count += 1;
        if rows.len() < ROWS_MAX {
            rows.push(row);
        }
    }

    /// Each in a sentence.
    pub(super) fn told(&self) -> Vec<String> {
        let told = self.0.iter().map(|(Odd { column, value, why }, (count, rows))| {
            let named: Vec<String> = rows.iter().map(ToString::to_string).collect();
            let more = count.saturating_sub(u64::try_from(rows.len()).unwrap_or(0));
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("row {}{more}: {column}: {value:?}: {why}", named.join(", "))
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_lost_zeros_is_known_by_its_length() {
        for (code, is_odd) in [
            ("1.005120", false),
            ("1.00512", true),
            ("1.0051", true),
            ("1.012790.000.00.00.H41", false),
            ("1.01279.000.00.00.H41", true),
            ("1", false),
            ("1.", false),
            ("BNV-000123", false),
            ("10.00512", false),
            ("1.00512x", false),
        ] {
            assert_eq!(has_lost_zeros(code), is_odd, "{code}");
        }
    }

    #[test]
    fn rows_are_named_up_to_a_bound() {
        let mut oddities = Oddities::default();
        for row in 2..=9 {
            let odd = Odd { column: "column C".into(), value: "1.00512".into(), why: "why" };
            oddities.note(odd, row);
        }
        assert_eq!(oddities.told(), [r#"row 2, 3, 4, 5, 6 and 3 more: column C: "1.00512": why"#]);
    }
}
