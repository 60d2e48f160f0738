//! The kinds of event and the fields of their data: `proto/` as tables, written by `build.rs`.
//!
//! A new kind is a message in `proto/`; the compiler then asks `body.rs` what it means.

use tonghop_core::words::Family;

/// All that is known of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// The family.
    pub family: Family,
    /// The kind, as the contract writes it: `accepted`.
    pub word: &'static str,
    /// The protobuf message of the data, in the package `tonghop.v1`.
    pub message: &'static str,
    /// The fields of the message, by number; at most [`FIELDS_MAX`].
    pub fields: &'static [Field],
}

/// A field of a message.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name in JSON.
    pub json: &'static str,
    /// The name in protobuf, which JSON may use too.
    pub proto: &'static str,
    /// The number in protobuf.
    pub number: u32,
    /// Whether an event without it is refused.
    pub required: bool,
    /// The largest number that it takes, if it is a [`Form::Count`].
    pub max: u32,
    /// What its value is.
    pub form: Form,
}

/// What the value of a field is (`proto/tonghop/v1/rule.proto`).
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Words for people.
    Text,
    /// Paragraphs for people.
    LongText,
    /// A code of an administrative list.
    Code,
    /// The code of a procedure.
    Procedure,
    /// The code of a unit.
    Unit,
    /// A local day.
    Day,
    /// An instant, or only its local day.
    Moment,
    /// A truth value.
    Flag,
    /// A number of things, 0 to the largest that the field takes.
    Count,
    /// A word of a closed set, with its number.
    Word(&'static [(&'static str, u8)]),
    /// A list of codes.
    Codes,
    /// A list of parts, each with these fields.
    Parts(&'static [Field]),
}

impl Kind {
    /// The name of the kind: `dossier.accepted`.
    pub fn name(self) -> String {
        let spec = self.spec();
        [spec.family.word(), spec.word].join(".")
    }
}

/// Fields of one message.
pub const FIELDS_MAX: usize = 8;

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

const _: () = {
    let mut rest: &[Kind] = Kind::ALL;
    while let [kind, others @ ..] = rest {
        assert!(kind.spec().fields.len() <= FIELDS_MAX);
        rest = others;
    }
};
