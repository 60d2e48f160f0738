//! Refusals: facts about events that cannot be accepted. Folding itself never fails.

use crate::pack::words;
use crate::sources::Speaker;

words! {
    /// Why an event is refused; the word is the code of the contract (`proto/refusals.md`).
    RefusalCode {
        /// The bytes are no `CloudEvent` in any of the three encodings.
        EnvelopeUnreadable = 1 "envelope.unreadable",
        /// An attribute that must be there is missing.
        EnvelopeMissingAttribute = 2 "envelope.missing_attribute",
        /// An attribute is there but cannot be what it should be.
        EnvelopeBadAttribute = 3 "envelope.bad_attribute",
        /// No such family, kind or version, or not the one that the subject names.
        TypeUnknown = 4 "type.unknown",
        /// The payload cannot be read as the message of the type.
        DataUnreadable = 5 "data.unreadable",
        /// The payload has a field that the message does not have.
        DataUnknownField = 6 "data.unknown_field",
        /// A field that must be there is missing.
        DataMissingField = 7 "data.missing_field",
        /// A field's value is outside what is possible.
        DataOutOfRange = 8 "data.out_of_range",
        /// The unit is not registered.
        UnitUnknown = 9 "unit.unknown",
        /// The event is dated on or after the day on which the unit was closed.
        UnitClosed = 10 "unit.closed",
        /// The unit of the event is not the one that may say this.
        UnitMismatch = 11 "unit.mismatch",
        /// The registry is full.
        UnitTooMany = 12 "unit.too_many",
        /// The parent or the successor of a unit would make a circle.
        UnitCircular = 13 "unit.circular",
        /// The same source used this id before, for other content.
        IdReused = 14 "id.reused",
        /// The event is dated more than five minutes after the log stored it.
        TimeInFuture = 15 "time.in_future",
        /// The event that is to be replaced belongs to another subject.
        ReplacesUnknown = 16 "replaces.unknown",
        /// The payload is larger than 256 KiB.
        SizeExceeded = 17 "size.exceeded",
        /// The unit publishes from too many sources.
        SourceTooMany = 18 "source.too_many",
        /// The timeline holds as many events as it may.
        TimelineFull = 19 "timeline.full",
        /// A dossier is promised for a day before its acceptance.
        DossierDueBeforeAccepted = 20 "dossier.due_before_accepted",
    }
}

/// Why one event was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: RefusalCode,
    /// What the sentence of the code speaks of: name and value, each bounded in length.
    pub args: Vec<(&'static str, String)>,
    /// Who spoke, if the message could be read so far.
    pub speaker: Option<Box<Speaker>>,
}

impl Refusal {
    /// A refusal without arguments.
    pub fn new(code: RefusalCode) -> Self {
        Self { code, args: Vec::new(), speaker: None }
    }

    /// Adds an argument, cut to 200 characters.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        let value: String = value.to_string().chars().take(200).collect();
        self.args.push((name, value));
        self
    }
}
