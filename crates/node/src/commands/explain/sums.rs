//! What was listed, added up once more by who reads it (EXP-1).

use std::collections::BTreeMap;

use serde_json::Value;

/// The sums of all pages.
#[derive(Debug, Default)]
pub(super) struct Sums {
    part: i64,
    whole: i64,
    /// What is counted once if there is any of it: its weights and its amount.
    once: BTreeMap<String, (i64, i64, i64)>,
}

impl Sums {
    pub(super) fn add(&mut self, page: &Value) {
        let list = |of: &Value, name: &str| of.get(name).and_then(Value::as_array).cloned();
        for timeline in list(page, "timelines").into_iter().flatten() {
            for held in list(&timeline, "contributions").into_iter().flatten() {
                let number = |name: &str| held.get(name).and_then(Value::as_i64).unwrap_or(0);
                let (amount, part, whole) = (number("amount"), number("part"), number("whole"));
                if let Some(name) = held.get("countedOnce").and_then(Value::as_str) {
                    self.once.entry(name.to_owned()).or_insert((part, whole, 0)).2 += amount;
                } else {
                    self.part += amount * part;
                    self.whole += amount * whole;
                }
            }
        }
    }

    /// Why it is not the figure, if it is not; of declarations there is no sum, of a difference none
    /// of what is counted once, and what nobody was heard of is no figure.
    pub(super) fn differs_from(&self, page: &Value) -> Option<String> {
        let is_declared = page.get("nature").and_then(Value::as_str) == Some("declared");
        let since = page.get("since").filter(|since| !since.is_null());
        let is_missing = |of: &Value| of.get("missing").is_some();
        if is_missing(page) || since.is_some_and(is_missing) {
            return None;
        }
        if is_declared || (since.is_some() && !self.once.is_empty()) {
            return None;
        }
        let there = || self.once.values().filter(|(_, _, amount)| *amount > 0);
        let part = self.part + there().map(|(part, ..)| part).sum::<i64>();
        let whole = self.whole + there().map(|(_, whole, _)| whole).sum::<i64>();
        let (now, then) = (value(page), since.map_or((0, 0), value));
        let figure = (now.0 - then.0, now.1 - then.1);
        let says = || format!("what is listed is {part} of {whole}, the figure {figure:?}");
        (figure != (part, whole)).then(says)
    }
}

/// The part and the whole; a count is a part of nothing.
fn value(of: &Value) -> (i64, i64) {
    let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_i64).unwrap_or(0);
    match of.get("ratio") {
        Some(ratio) => (number(ratio, "part"), number(ratio, "whole")),
        None => (number(of, "value"), 0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sums(contributions: &Value) -> Sums {
        let mut sums = Sums::default();
        sums.add(&json!({"timelines": [{"contributions": contributions}]}));
        sums
    }

    #[test]
    fn what_is_not_the_figure_is_told() {
        let listed = sums(&json!([
            {"amount": 2, "part": 1, "whole": 1}, {"amount": 1, "part": -1, "whole": 1},
            {"amount": 3, "part": 1, "whole": 0, "countedOnce": "0:a"},
            {"amount": -3, "part": 1, "whole": 0, "countedOnce": "0:b"},
            {"amount": 1, "part": 1, "whole": 0, "countedOnce": "0:a"},
        ]));
        let differs = |page: Value| listed.differs_from(&page).is_some();
        assert!(!differs(json!({"ratio": {"part": 2, "whole": 3}})));
        assert!(differs(json!({"ratio": {"part": 3, "whole": 3}})));
        assert!(differs(json!({"ratio": {"part": 2, "whole": 2}})));
        assert!(differs(json!({"value": 2})));
        // Nobody was heard of its part, so that there is no ratio; what it is a ratio of is listed.
        assert!(!differs(json!({"value": null, "missing": true})));
        let change = sums(&json!([{"amount": 1, "part": 1, "whole": 0}]));
        let page = json!({"value": 5, "since": {"knownAt": 9, "value": 4}});
        assert_eq!(change.differs_from(&page), None);
        assert!(change.differs_from(&json!({"value": 5, "since": null})).is_some());
    }
}
