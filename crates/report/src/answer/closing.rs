//! What was published for a form's window, beside what is known now.

use serde::{Deserialize, Serialize};
use tonghop_core::read::Value;

use super::{CellAnswer, FormAnswer};
use crate::lang::Lang;
use crate::number::{day, number};

/// Differences that are named below a table; all are in the JSON.
const TOLD_MAX: usize = 12;

/// The closing of a form's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosingAnswer {
    /// `legal-2021-Q3-1`.
    pub id: String,
    /// When it was closed, RFC 3339.
    pub closed_at: String,
    /// The position of the log that the published figures reflect.
    pub position: u64,
    /// What differs now, in the order of the form.
    pub differs: Vec<ChangedAnswer>,
}

/// A figure that is not what was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedAnswer {
    /// The key of its row.
    pub row: String,
    /// The key of its column.
    pub column: String,
    /// What was published.
    pub published: CellAnswer,
    /// What is known now.
    pub now: CellAnswer,
}

impl FormAnswer {
    /// What is said of the closing below a table: that there is one, and what differs.
    pub(super) fn closing_lines(&self) -> Vec<String> {
        let (Some(closing), lang) = (&self.closing, self.lang) else { return Vec::new() };
        let on = day(closing.closed_at.get(..10).unwrap_or_default(), lang);
        let id = &closing.id;
        let count = closing.differs.len();
        let shown = number(i64::try_from(count).unwrap_or(i64::MAX), lang);
        let mut lines = vec![match (count, lang) {
            (0, Lang::Vi) => format!("Đã chốt ngày {on} ({id}); không số nào khác số đã công bố."),
            (0, Lang::En) => {
                format!("Closed on {on} ({id}); no figure differs from the published.")
            }
            (_, Lang::Vi) => {
                format!("Đã chốt ngày {on} ({id}); {shown} số nay khác số đã công bố:")
            }
            (_, Lang::En) => format!("Closed on {on} ({id}); figures that differ now: {shown}:"),
        }];
        lines.extend(closing.differs.iter().take(TOLD_MAX).map(|changed| self.changed(changed)));
        if count > TOLD_MAX {
            lines.push("  …".to_owned());
        }
        lines
    }

    fn changed(&self, changed: &ChangedAnswer) -> String {
        let lang = self.lang;
        let ChangedAnswer { row, column, published, now } = changed;
        let (before, after) = (published.figure(), now.figure());
        let step = match (before, after) {
            (Some(Value::Count(before)), Some(Value::Count(after))) => {
                let sign = if after > before { "+" } else { "" };
                format!(" ({sign}{})", number(after - before, lang))
            }
            _ => String::new(),
        };
        let show = |cell: &CellAnswer| {
            if cell.lacks_data() {
                return lang.choose("chưa có số liệu", "no data").to_owned();
            }
            cell.show(lang)
        };
        let place = if column == "value" { row.clone() } else { format!("{row} {column}") };
        format!("  {place}: {} → {}{step}", show(published), show(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(value: i64, status: &str) -> CellAnswer {
        serde_json::from_str(&format!(r#"{{"value":{value},"status":"{status}"}}"#)).unwrap()
    }

    #[test]
    fn what_differs_is_told_with_its_step() {
        let mut form = crate::answer::tests::form(Lang::Vi);
        assert_eq!(form.closing_lines(), Vec::<String>::new());
        let changed = |column: &str, published, now| ChangedAnswer {
            row: "H41.16".to_owned(),
            column: column.to_owned(),
            published: cell(published, "closed"),
            now: cell(now, "computed"),
        };
        // Of what there was no data when it was published.
        let mut heard = changed("c8", 0, 4);
        heard.published.value = None;
        heard.published.said.missing = Some(true);
        form.closing = Some(ClosingAnswer {
            id: "legal-2021-Q3-1".to_owned(),
            closed_at: "2021-09-20T08:00:00+07:00".to_owned(),
            position: 7,
            differs: vec![changed("c7", 85, 1_086), changed("c9", 7, 0), heard],
        });
        expect_test::expect![[r"
            Đã chốt ngày 20/9/2021 (legal-2021-Q3-1); 3 số nay khác số đã công bố:
              H41.16 c7: 85 → 1.086 (+1.001)
              H41.16 c9: 7 → 0 (-7)
              H41.16 c8: chưa có số liệu → 4"]]
        .assert_eq(&form.closing_lines().join("\n"));
        form.closing.as_mut().unwrap().differs.clear();
        assert!(form.closing_lines()[0].ends_with("không số nào khác số đã công bố."));
        // The JSON is read whole and written as it was (FORM-1).
        let json = serde_json::to_string(&form).unwrap();
        assert_eq!(FormAnswer::parse(json.as_bytes()).unwrap(), form);
    }
}
