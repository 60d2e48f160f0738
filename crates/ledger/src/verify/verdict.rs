//! What a verification comes to: each check, and by a stable code each thing that does not hold.

use crate::bundle::Redaction;
use crate::closing::Closing;

/// Failures that are told; the others are counted.
pub const FAILURES_MAX: usize = 100;

/// What is checked, in the order in which it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// The file is a bundle.
    Format,
    /// The closing and its checkpoint are signed.
    Signatures,
    /// The definitions are those of the closing.
    Definitions,
    /// The lines that are shown stand in the closing's lists.
    Lists,
    /// The leaves that are shown stand in the log of the checkpoint.
    Log,
    /// No message of the units is left out.
    Complete,
    /// The messages are those that the log committed to, and all that are needed.
    Messages,
    /// What sources numbered and what is missing is as the closing says.
    Sources,
    /// The units are as the closing says.
    Units,
    /// Each timeline contributes what the closing says.
    Timelines,
    /// The figure is read from them.
    Value,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Format,
        Self::Signatures,
        Self::Definitions,
        Self::Lists,
        Self::Log,
        Self::Complete,
        Self::Messages,
        Self::Sources,
        Self::Units,
        Self::Timelines,
        Self::Value,
    ];

    /// A stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Signatures => "signatures",
            Self::Definitions => "definitions",
            Self::Lists => "lists",
            Self::Log => "log",
            Self::Complete => "complete",
            Self::Messages => "messages",
            Self::Sources => "sources",
            Self::Units => "units",
            Self::Timelines => "timelines",
            Self::Value => "value",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $about:literal])+ $variant:ident = $word:literal $check:ident),+ $(,)?) => {
        /// Why a bundle does not hold. The words are stable: programs may wait for them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[doc = $about])+ $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it means, in a sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($about),+).trim_ascii_start()),+ }
            }

            /// The check that it belongs to.
            pub const fn check(self) -> Check {
                match self { $(Self::$variant => Check::$check),+ }
            }
        }
    };
}

codes! {
    /// The file is no bundle of this version.
    FormatMagic = "format.magic" Format,
    /// The file ends too early.
    FormatTruncated = "format.truncated" Format,
    /// A record is too long, or of no known type.
    FormatRecord = "format.record" Format,
    /// A record stands where it may not.
    FormatOrder = "format.order" Format,
    /// A record does not say what its type has to say.
    FormatPayload = "format.payload" Format,
    /// Something follows the end.
    FormatTrailing = "format.trailing" Format,
    /// The closing is not signed by a key that counts.
    SignatureClosing = "signature.closing" Signatures,
    /// The checkpoint is not signed by a key that counts.
    SignatureCheckpoint = "signature.checkpoint" Signatures,
    /// A witness did not cosign the checkpoint.
    SignatureWitness = "signature.witness" Signatures,
    /// The signed document is no closing, or its checkpoint is of another position.
    ClosingMisshapen = "closing.misshapen" Signatures,
    /// A definition is not the one that the closing names.
    DefinitionAltered = "definition.altered" Definitions,
    /// A definition that the closing names is not there.
    DefinitionMissing = "definition.missing" Definitions,
    /// The definitions cannot be read, or do not have the figure's indicator.
    DefinitionFaulty = "definition.faulty" Definitions,
    /// The shown lines do not lead to the root of the list.
    ListRoot = "list.root" Lists,
    /// A line is none of its list, is not needed, or a needed one is not shown.
    ListLine = "list.line" Lists,
    /// The figure is not in the closing.
    FigureMissing = "figure.missing" Lists,
    /// The header names other units, families or sums than the figure reads.
    HeaderOther = "header.other" Lists,
    /// The shown leaves do not lead to the root of the checkpoint.
    LogRoot = "log.root" Log,
    /// A leaf is none, or says another position or an earlier time than it can have.
    LogLeaf = "log.leaf" Log,
    /// A leaf does not name the one before it of its unit.
    ChainBroken = "chain.broken" Complete,
    /// The last leaf of a unit is not the one that the closing names.
    ChainHead = "chain.head" Complete,
    /// The messages of a unit that is not read are shown.
    ChainUnneeded = "chain.unneeded" Complete,
    /// A message that is needed stays closed.
    MessageClosed = "message.closed" Messages,
    /// A message is not the one that the log committed to.
    MessageAltered = "message.altered" Messages,
    /// A leaf says something else than its message.
    MessageOther = "message.other" Messages,
    /// A message was redacted without which units or sources cannot be told.
    MessageRedacted = "message.redacted" Messages,
    /// What a source numbered, or what is missing, is not what the closing says.
    SourceOther = "source.other" Sources,
    /// The units that the messages make are not those of the closing.
    UnitsOther = "units.other" Units,
    /// A timeline contributes something else than the closing says.
    TimelineOther = "timeline.other" Timelines,
    /// There is a timeline that the closing has not, or the other way round.
    TimelineMissing = "timeline.missing" Timelines,
    /// The timelines of a unit and family do not lead to their root.
    TimelineRoot = "timeline.root" Timelines,
    /// The figure is said to be made of something else.
    MadeOfOther = "made_of.other" Timelines,
    /// The definitions read another value.
    ValueOther = "value.other" Value,
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub code: Code,
    /// Where, and what was found.
    pub detail: String,
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// It was not come to, because something before it does not hold.
    Unreached,
}

/// What somebody signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// The closing.
    Closing,
    /// The checkpoint, as the log.
    Checkpoint,
    /// The checkpoint, as a witness, at this Unix second.
    Witness(u64),
}

/// Timelines that the figure is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The unit.
    pub unit: String,
    /// What it was called on the last day of the window.
    pub name: String,
    /// The family.
    pub family: String,
    /// How many timelines.
    pub timelines: u64,
    /// How many accepted messages they have.
    pub messages: u64,
}

/// What the figure is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The indicator in Vietnamese and English.
    pub indicator: (String, String),
    /// What is counted, in both.
    pub counted: (String, String),
    /// The unit.
    pub unit: String,
    /// The first and the last day.
    pub window: (String, String),
}

/// What a verification has come to.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The id of the figure.
    pub figure: String,
    /// The value that the closing says, as text.
    pub published: Option<String>,
    /// The value that was read anew, as text.
    pub read: Option<String>,
    /// What the figure is called.
    pub named: Option<Named>,
    /// The closing, as it is signed.
    pub closing: Option<Closing>,
    /// Size and root of the log's tree, as the checkpoint says.
    pub log: Option<(String, u64, String)>,
    /// Who signed what, as written keys.
    pub signers: Vec<(Signed, String)>,
    /// Whether the keys were given by who verifies; if not, nobody vouches for them.
    pub is_vouched: bool,
    /// Leaves that were shown, and messages that were open.
    pub leaves: (u64, u64),
    /// What the figure is made of.
    pub made_of: Vec<Made>,
    /// Positions that were redacted, and by which decisions.
    pub redacted: Vec<(u64, Redaction)>,
    /// What does not hold, at most [`FAILURES_MAX`].
    pub failures: Vec<Failure>,
    /// How many more there are.
    pub more: u64,
    /// The last check that was come to.
    pub reached: Option<Check>,
}

impl Verdict {
    /// Whether everything holds.
    pub fn holds(&self) -> bool {
        self.failures.is_empty() && self.reached == Some(Check::Value)
    }

    /// What became of a check.
    pub fn outcome(&self, check: Check) -> Outcome {
        if self.failures.iter().any(|failure| failure.code.check() == check) {
            Outcome::Fails
        } else if self.reached >= Some(check) {
            Outcome::Holds
        } else {
            Outcome::Unreached
        }
    }

    pub(super) fn fail(&mut self, code: Code, detail: impl Into<String>) {
        if self.failures.len() < FAILURES_MAX {
            self.failures.push(Failure { code, detail: detail.into() });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn reach(&mut self, check: Check) {
        self.reached = self.reached.max(Some(check));
    }
}
