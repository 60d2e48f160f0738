//! What the words of findings and comparisons mean, for people.

use super::{Cause, Comparison, FindingKind, Verdict};
use crate::catalogue::Label;
use crate::checks::Severity;

fn label(vi: &str, en: &str) -> Label {
    Label { vi: vi.to_owned(), en: en.to_owned() }
}

impl Severity {
    /// Its name.
    pub fn label(self) -> Label {
        match self {
            Self::Error => label("lỗi", "error"),
            Self::Warning => label("cảnh báo", "warning"),
            Self::Advice => label("lưu ý", "advice"),
        }
    }
}

impl FindingKind {
    /// Its name.
    pub fn label(self) -> Label {
        match self {
            Self::Contradiction => label("mâu thuẫn", "contradiction"),
            Self::PartOverUnit => label("lớn hơn đơn vị cấp trên", "more than the unit above"),
            Self::PartOverWhole => label("lớn hơn tổng số", "more than the whole"),
            Self::Rule => label("sai quy tắc", "rule broken"),
            Self::RuleAmbiguous => label("chỉ một số đúng quy tắc", "rule kept by some only"),
            Self::RuleComputed => {
                label("số tổng hợp sai quy tắc", "rule broken by computed figures")
            }
            Self::Nested => label("kỳ lồng nhau", "nested windows"),
            Self::Contained => label("kỳ nằm trong kỳ khác", "window inside another"),
            Self::Repetition => label("nêu nhiều lần", "said several times"),
            Self::Window => label("khác kỳ báo cáo", "not the period"),
            Self::WindowOpen => label("thiếu ngày đầu hoặc cuối", "window without an end"),
            Self::WindowMissing => label("không ghi kỳ", "no window"),
            Self::StockInWindow => {
                label("số thời điểm khai theo kỳ", "stock declared for a window")
            }
            Self::Bound => label("giới hạn", "bound"),
            Self::BoundInNote => label("giới hạn trong ghi chú", "bound in the note"),
            Self::IndicatorUnknown => label("không có chỉ tiêu", "no such indicator"),
            Self::IndicatorNotValid => label("chỉ tiêu hết hiệu lực", "not asked for then"),
            Self::Outlier => label("khác thường", "out of the ordinary"),
        }
    }
}

impl Verdict {
    fn label(self) -> Label {
        match self {
            Self::Agrees => label("khớp", "agrees"),
            Self::Differs => label("khác", "differs"),
            Self::NotReported => {
                label("chưa hệ thống nào báo số liệu này", "no system has reported any of it yet")
            }
            Self::NotComparable => label(
                "không so được: số khai không ghi rõ ngày",
                "cannot be compared: it does not say of which days it is",
            ),
        }
    }
}

impl Cause {
    fn label(self) -> Label {
        match self {
            Self::ReportedLate => label(
                "đúng với số liệu đã có khi khai; phần còn lại được báo sau",
                "it was so when it was declared; the rest was reported later",
            ),
            Self::PeriodWindow => label(
                "là số của kỳ báo cáo, không phải của những ngày đã ghi",
                "it is the figure of the period, not of the days that it names",
            ),
            Self::Definition => label("là số của chỉ tiêu", "it is the figure of"),
            Self::UnitsMissing => label(
                "khai nhiều hơn số các hệ thống đã báo: còn đơn vị hoặc ngày chưa báo, hoặc khai sai",
                "more is declared than systems have reported: units or days are missing, or it is \
                 wrong",
            ),
            Self::Unexplained => label("chưa rõ nguyên nhân", "nothing explains it"),
        }
    }
}

impl Comparison {
    /// What it says, in words.
    pub fn text(&self) -> Label {
        let mut text = self.verdict.label();
        if let Some(cause) = self.cause {
            let cause = cause.label();
            text.vi = format!("{}: {}", text.vi, cause.vi);
            text.en = format!("{}: {}", text.en, cause.en);
        }
        if let Some(other) = &self.other {
            text.vi = format!("{} {other}", text.vi);
            text.en = format!("{} {other}", text.en);
        }
        text
    }
}
