//! What the page says, in both languages.

use tonghop_core::read::Value;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

/// The sentences of a page.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) holds: &'static str,
    pub(super) fails: &'static str,
    pub(super) unvouched: &'static str,
    pub(super) published: &'static str,
    pub(super) indicator: &'static str,
    pub(super) unit: &'static str,
    pub(super) days: &'static str,
    pub(super) figure: &'static str,
    pub(super) closing: &'static str,
    pub(super) closed_at: &'static str,
    pub(super) despite: &'static str,
    pub(super) log: &'static str,
    pub(super) checked: &'static str,
    /// In the order of the checks.
    pub(super) checks: [&'static str; 11],
    pub(super) more: &'static str,
    pub(super) made_of: &'static str,
    pub(super) family: &'static str,
    pub(super) timelines: &'static str,
    pub(super) messages: &'static str,
    pub(super) redacted: &'static str,
    pub(super) signers: &'static str,
    pub(super) signed_closing: &'static str,
    pub(super) signed_checkpoint: &'static str,
    pub(super) signed_witness: &'static str,
    pub(super) not_proved: &'static str,
    pub(super) limits: [&'static str; 4],
}

const VI: Words = Words {
    title: "Kết quả kiểm chứng số liệu",
    holds: "Số liệu được chứng minh: mọi phép kiểm đều đạt.",
    fails: "Số liệu KHÔNG được chứng minh: có phép kiểm không đạt.",
    unvouched: "Không ai bảo đảm cho các khóa ký: chúng nằm ngay trong tệp này. Hãy hỏi cơ quan công bố \
                khóa của họ bằng một con đường khác, rồi kiểm lại với tùy chọn --key.",
    published: "Số liệu đã công bố",
    indicator: "Chỉ tiêu",
    unit: "Cơ quan, đơn vị",
    days: "Kỳ số liệu",
    figure: "Mã số liệu",
    closing: "Bản chốt số liệu",
    closed_at: "Thời điểm chốt",
    despite: "Chốt mặc dù",
    log: "Nhật ký, số thông điệp, mã băm gốc",
    checked: "Đã kiểm những gì",
    checks: [
        "Tệp nguyên vẹn, đúng định dạng.",
        "Bản chốt số liệu và mốc của nhật ký mang chữ ký hợp lệ.",
        "Định nghĩa chỉ tiêu đúng là định nghĩa nêu trong bản chốt.",
        "Số liệu này nằm trong danh mục số liệu của bản chốt.",
        "Các thông điệp đứng đúng chỗ của chúng trong nhật ký đã niêm phong.",
        "Không bỏ sót thông điệp nào của các đơn vị liên quan cho đến lúc chốt.",
        "Nội dung từng sự kiện đúng như khi nhật ký nhận được.",
        "Số thứ tự sự kiện của từng hệ thống nguồn, kể cả số còn thiếu, đúng như bản chốt.",
        "Danh mục đơn vị dựng lại từ các sự kiện đúng như bản chốt.",
        "Từng hồ sơ, văn bản… được tính lại và đóng góp đúng như bản chốt.",
        "Tính lại từ đầu, ra đúng số liệu đã công bố.",
    ],
    more: "Số mục khác không liệt kê:",
    made_of: "Số liệu được tính từ đâu",
    family: "Loại sự kiện",
    timelines: "Số đối tượng",
    messages: "Số sự kiện",
    redacted: "Thông điệp đã xóa nội dung theo quyết định (vị trí: quyết định)",
    signers: "Ai đã ký",
    signed_closing: "Bản chốt số liệu",
    signed_checkpoint: "Mốc của nhật ký",
    signed_witness: "Bên chứng kiến",
    not_proved: "Điều mà phép kiểm này không chứng minh",
    limits: [
        "Sự kiện có đúng sự thật hay không: chỉ chứng minh đơn vị đã gửi gì, không chứng minh điều họ gửi là \
         đúng; sự kiện chưa từng được gửi thì không thể thấy ở đây.",
        "Nhật ký này có phải là nhật ký duy nhất hay không: hãy so mốc của nhật ký với mốc mà bên chứng kiến giữ.",
        "Người giữ nhật ký có ghi đúng đơn vị và loại sự kiện của những thông điệp còn đóng hay không: nội \
         dung của chúng không nằm trong tệp này.",
        "Khóa ký thuộc về ai: điều đó phải biết được từ nguồn khác.",
    ],
};

const EN: Words = Words {
    title: "Verification of a figure",
    holds: "The figure is proved: every check holds.",
    fails: "The figure is NOT proved: a check does not hold.",
    unvouched: "Nobody vouches for the keys: they came with this file. Ask whoever published the figure \
                for their keys by another way, and verify again with --key.",
    published: "What was published",
    indicator: "Indicator",
    unit: "Unit",
    days: "Days",
    figure: "Figure",
    closing: "Closing",
    closed_at: "Closed at",
    despite: "Closed despite",
    log: "Log, messages, root",
    checked: "What was checked",
    checks: [
        "The file is whole and well formed.",
        "The closing and the checkpoint of the log are signed.",
        "The definitions are those that the closing names.",
        "The figure stands in the list of the closing.",
        "The messages stand at their places in the sealed log.",
        "No message of the units is left out, up to the closing.",
        "Each event says what the log has received.",
        "What each source has numbered, and what is missing, is as the closing says.",
        "The units that the events make are those of the closing.",
        "Each dossier, document … contributes what the closing says.",
        "Computed anew from the beginning, the figure is the one that was published.",
    ],
    more: "Others that are not listed:",
    made_of: "What the figure is made of",
    family: "Family",
    timelines: "Subjects",
    messages: "Events",
    redacted: "Messages that were erased by a decision (position: decision)",
    signers: "Who signed",
    signed_closing: "The closing",
    signed_checkpoint: "The checkpoint of the log",
    signed_witness: "A witness",
    not_proved: "What this does not prove",
    limits: [
        "That the events are true: it is proved what units have sent, not that it was so; what nobody ever \
         sent cannot be seen here.",
        "That there is no other log: compare the checkpoint with the one that a witness keeps.",
        "That whoever keeps the log named the unit and the family of closed messages rightly: what they say \
         is not in this file.",
        "Whose the keys are: that has to be known from elsewhere.",
    ],
};

impl Lang {
    /// Reads `vi` or `en`.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Vi, Self::En].into_iter().find(|lang| lang.word() == word)
    }

    /// `vi` or `en`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::Vi => &VI,
            Self::En => &EN,
        }
    }

    pub(super) fn pick(self, both: &(String, String)) -> &str {
        match self {
            Self::Vi => &both.0,
            Self::En => &both.1,
        }
    }

    /// A day as people write it.
    pub(super) fn day(self, day: &str) -> String {
        let mut parts = day.splitn(3, '-');
        match (self, parts.next(), parts.next(), parts.next()) {
            (Self::Vi, Some(year), Some(month), Some(day)) => format!("{day}/{month}/{year}"),
            _ => day.to_owned(),
        }
    }

    /// A value as people write it.
    pub(super) fn value(self, value: Option<Value>, text: &str) -> String {
        let number = |count: i64| self.number(count);
        match (value, self) {
            (Some(Value::Count(count)), _) => number(count),
            (Some(Value::Share(share)), _) => {
                let percent = share.basis_points().map(|points| {
                    let mark = if self == Self::Vi { ',' } else { '.' };
                    format!(" ({}{mark}{:02} %)", points / 100, points % 100)
                });
                let parts = format!("{} / {}", number(share.part), number(share.whole));
                parts + &percent.unwrap_or_default()
            }
            (Some(Value::Nil), Self::Vi) => "không phát sinh".to_owned(),
            (Some(Value::Nil), Self::En) => "nil".to_owned(),
            (Some(Value::Missing), Self::Vi) => "chưa có số liệu".to_owned(),
            (Some(Value::Missing), Self::En) => "nothing was said".to_owned(),
            (Some(Value::Bound(_) | Value::BoundShare(..)) | None, _) => text.to_owned(),
        }
    }

    fn number(self, count: i64) -> String {
        let digits = count.unsigned_abs().to_string();
        let mut out = String::from(if count < 0 { "-" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push(if self == Self::Vi { '.' } else { ',' });
            }
            out.push(digit);
        }
        out
    }
}
