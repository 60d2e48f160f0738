//! Declared values in a cell: nil, missing and bounds, which are no numbers.

use serde::{Deserialize, Serialize};
use tonghop_core::declared::Range;
use tonghop_core::read::Value;

/// What a cell says that is neither a number nor a ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SaidAnswer {
    /// It was looked for, and nothing occurred.
    pub nil: Option<bool>,
    /// Nobody declared anything, or was ever heard of what is counted.
    pub missing: Option<bool>,
    /// A bound.
    pub bound: Option<BoundAnswer>,
    /// What the bound is a part of.
    pub of: Option<i64>,
}

/// A bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BoundAnswer {
    /// The least that it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<i64>,
    /// The most that it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<i64>,
    /// About what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approximately: Option<i64>,
    /// Whether an approximate number is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rough: Option<bool>,
}

impl BoundAnswer {
    /// A range, as the JSON writes it.
    pub(super) fn of(range: Range) -> Self {
        let Range { low, high, rough } = range;
        if rough && high == Some(low) {
            return Self { approximately: Some(low), ..Self::default() };
        }
        let rough = rough.then_some(true);
        Self { at_least: Some(low), at_most: high, approximately: None, rough }
    }

    fn range(self) -> Range {
        match self.approximately {
            Some(about) => Range { low: about, high: Some(about), rough: true },
            None => Range {
                low: self.at_least.unwrap_or(0),
                high: self.at_most,
                rough: self.rough.unwrap_or(false),
            },
        }
    }
}

impl SaidAnswer {
    /// The value, if the cell says neither a number nor a ratio.
    pub(super) fn value(self) -> Option<Value> {
        match (self.bound, self.of) {
            (Some(bound), Some(of)) => Some(Value::BoundShare(bound.range(), of)),
            (Some(bound), None) => Some(Value::Bound(bound.range())),
            (None, _) if self.missing == Some(true) => Some(Value::Missing),
            (None, _) if self.nil == Some(true) => Some(Value::Nil),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::answer::CellAnswer;
    use crate::lang::Lang;

    #[test]
    fn nil_missing_zero_and_bounds_read_otherwise() {
        for (json, vi, en) in [
            (r#"{"value":0,"status":"declared"}"#, "0", "0"),
            (r#"{"value":0,"nil":true,"status":"declared"}"#, "không phát sinh", "none occurred"),
            (r#"{"value":null,"missing":true,"status":"declared"}"#, "chưa khai", "not declared"),
            (r#"{"value":null,"missing":true,"status":"computed"}"#, "…", "…"),
            (r#"{"value":null,"missing":true,"status":"provisional"}"#, "…", "…"),
            (
                r#"{"bound":{"atLeast":4000},"status":"declared"}"#,
                "từ 4.000 trở lên",
                "at least 4,000",
            ),
            (
                r#"{"bound":{"atLeast":0,"atMost":7},"status":"declared"}"#,
                "nhiều nhất 7",
                "at most 7",
            ),
            (r#"{"bound":{"approximately":50},"status":"declared"}"#, "khoảng 50", "about 50"),
            (
                r#"{"bound":{"atLeast":90,"atMost":100},"of":100,"status":"declared"}"#,
                "từ 90% trở lên",
                "at least 90%",
            ),
            (
                r#"{"bound":{"atLeast":9,"atMost":14},"of":37,"status":"declared"}"#,
                "từ 9/37 đến 14/37",
                "9/37 to 14/37",
            ),
        ] {
            let cell: CellAnswer = serde_json::from_str(json).unwrap();
            assert_eq!(
                (cell.show(Lang::Vi), cell.show(Lang::En)),
                (vi.into(), en.into()),
                "{json}"
            );
            let back: CellAnswer =
                serde_json::from_str(&serde_json::to_string(&cell).unwrap()).unwrap();
            assert_eq!(back, cell);
            assert_eq!(serde_json::to_string(&cell).unwrap(), json, "as it was written");
        }
    }
}
