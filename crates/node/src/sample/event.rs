//! One planned event: who says what about what, and when in the day.
//!
//! Units and procedures are named by their place in the tables of [`World`](super::world::World).

use super::days::Day;
use super::world::World;

/// An event that will be one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    /// When in its day, in seconds.
    pub(super) second: u32,
    /// Who says it.
    pub(super) source: Source,
    /// What is said, and about what.
    pub(super) said: Said,
    /// Of a dossier's event: its place in the dossier's life, which makes its id.
    pub(super) step: Option<u8>,
    /// The step of the same dossier whose place this event takes.
    pub(super) replaces: Option<u8>,
}

impl Event {
    /// An event whose id is its source's number.
    pub(super) fn numbered(second: u32, source: Source, said: Said) -> Self {
        Self { second, source, said, step: None, replaces: None }
    }
}

/// A system of a unit, which publishes events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    /// The unit.
    pub(super) unit: usize,
    /// Its system.
    pub(super) system: System,
}

/// The kinds of system that publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// The province's registry of units.
    Units,
    /// The list of a unit's procedures.
    Procedures,
    /// The counter for dossiers.
    Igate,
    /// Documents.
    Ioffice,
    /// Video conferences.
    Meetings,
    /// The public post.
    Post,
    /// The office of reform: tasks, inspections, normative documents.
    Reform,
    /// Posts and people.
    Staff,
    /// The portal.
    Portal,
    /// Which systems are in use where.
    Rollout,
    /// Accounts in iOffice.
    Accounts,
    /// Certificates of digital signatures.
    Certificates,
    /// The report as it was written: declared figures and texts.
    Report,
}

impl System {
    /// How many there are.
    pub(super) const COUNT: usize = 13;

    /// Its place among them.
    pub(super) const fn place(self) -> usize {
        match self {
            Self::Units => 0,
            Self::Procedures => 1,
            Self::Igate => 2,
            Self::Ioffice => 3,
            Self::Meetings => 4,
            Self::Post => 5,
            Self::Reform => 6,
            Self::Staff => 7,
            Self::Portal => 8,
            Self::Rollout => 9,
            Self::Accounts => 10,
            Self::Certificates => 11,
            Self::Report => 12,
        }
    }

    /// The last part of the source's path.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Units => "danh-muc",
            Self::Procedures => "thu-tuc",
            Self::Igate => "igate",
            Self::Ioffice => "ioffice",
            Self::Meetings => "hop-truc-tuyen",
            Self::Post => "bccp",
            Self::Reform => "cchc",
            Self::Staff => "nhan-su",
            Self::Portal => "cong-ttdt",
            Self::Rollout => "trien-khai",
            Self::Accounts => "tai-khoan",
            Self::Certificates => "chung-thu-so",
            Self::Report => "bao-cao",
        }
    }

    /// What its ids begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Units => "dm-",
            Self::Procedures => "tt-",
            Self::Igate => "ig-",
            Self::Ioffice => "io-",
            Self::Meetings => "ht-",
            Self::Post => "bc-",
            Self::Reform => "cc-",
            Self::Staff => "ns-",
            Self::Portal => "cg-",
            Self::Rollout => "tr-",
            Self::Accounts => "tk-",
            Self::Certificates => "ck-",
            Self::Report => "kb-",
        }
    }
}

/// The code of a dossier: unit, day, serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    /// The unit that gave the code.
    pub(super) unit: usize,
    /// The day on which it did.
    pub(super) day: Day,
    /// Its number on that day.
    pub(super) serial: u64,
}

/// A document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Document {
    /// Who issued it.
    pub(super) issuer: usize,
    /// When.
    pub(super) day: Day,
    /// Its number, unique for the issuer in the year.
    pub(super) number: u64,
    /// Its kind.
    pub(super) kind: DocumentKind,
    /// Whether it is normative; the year is then part of its number.
    pub(super) normative: bool,
    /// Whether it went as an electronic document.
    pub(super) electronic: bool,
}

/// A kind of document: the code of the list, and the letters that print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DocumentKind {
    /// The code: `QD`.
    pub(super) code: &'static str,
    /// The letters: `QĐ`.
    pub(super) letters: &'static str,
}

/// The way by which a dossier comes or its result goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// Over the portal.
    Online,
    /// At the counter.
    Direct,
    /// By post.
    Post,
}

/// Who met whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// A ministry and the province.
    MinistryProvince,
    /// The province and its districts.
    ProvinceDistrict,
    /// The province and its communes.
    ProvinceCommune,
    /// Within one body.
    Internal,
}

/// What is said, and about what.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said {
    /// The unit at this place exists.
    UnitRegistered(usize),
    /// Of the procedure at this place.
    Procedure(usize, ProcedureSaid),
    /// Of a dossier at the counter.
    Dossier(Code, DossierSaid),
    /// Of a document.
    Document(Document, DocumentSaid),
    /// The meeting of this number was held in 2021.
    MeetingServed(u32, Meeting),
    /// The video-conference site of this number is in use.
    SiteOpened(u32),
    /// Of a dossier in the post.
    Post(Code, PostSaid),
    /// What the statement at this place says.
    Stated(usize),
    /// iOffice is in use at the source's unit.
    Deployed,
    /// The account of this number is open.
    AccountOpened(u64),
    /// A certificate was issued.
    Certificate {
        /// Its number.
        number: u64,
        /// Whether it is the unit's own; else a person's.
        organisation: bool,
    },
}

/// What is said of a procedure.
#[derive(Debug, Clone, Copy)]
pub(super) enum ProcedureSaid {
    /// It is in force.
    Published,
    /// It is now offered through the post.
    GoesByPost,
    /// It is out of force.
    Withdrawn,
}

/// What is said of a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum DocumentSaid {
    /// It was issued.
    Issued {
        /// With a person's signature.
        personal: bool,
        /// With the organisation's signature.
        organisation: bool,
    },
    /// It was received.
    Received,
    /// It was taken back.
    Recalled,
}

/// A meeting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meeting {
    /// Who met whom.
    pub(super) scope: Scope,
    /// Over the conference system.
    pub(super) online: bool,
    /// Sites that joined.
    pub(super) sites: u64,
    /// How long, in minutes.
    pub(super) minutes: u64,
}

/// What is said of a dossier in the post.
#[derive(Debug, Clone, Copy)]
pub(super) enum PostSaid {
    /// The post took it in.
    Accepted {
        /// Its procedure.
        procedure: usize,
    },
    /// The post delivered its result.
    Delivered {
        /// Its procedure.
        procedure: usize,
    },
}

/// What is said of a dossier at the counter.
#[derive(Debug, Clone, Copy)]
pub(super) enum DossierSaid {
    /// It was taken in.
    Accepted {
        /// Its procedure.
        procedure: usize,
        /// How it came.
        channel: Channel,
        /// When it was handed in online.
        submitted: Option<(Day, u32)>,
        /// The day promised.
        due: Option<Day>,
    },
    /// It is promised for another day.
    Promised {
        /// The day.
        due: Day,
        /// Why.
        reason: &'static str,
    },
    /// More is asked for.
    SupplementRequested,
    /// More was given.
    Supplemented,
    /// A fee was paid.
    FeePaid {
        /// Online.
        online: bool,
    },
    /// Its papers were digitised.
    Digitised {
        /// The result; else the components.
        result: bool,
    },
    /// It was granted.
    Approved,
    /// It was refused.
    Refused,
    /// Its result was handed over.
    Returned {
        /// How.
        channel: Channel,
    },
    /// Its owner took it back.
    Withdrawn,
    /// The unit stopped it.
    Stopped,
    /// It is open again.
    Reopened,
    /// It went to another unit.
    TransferredOut {
        /// The other unit.
        to: usize,
    },
    /// It came from another unit.
    TransferredIn {
        /// The other unit.
        from: usize,
        /// Its procedure.
        procedure: usize,
        /// How it had come.
        channel: Channel,
        /// When it had come.
        accepted_on: Day,
        /// The day promised.
        due: Option<Day>,
    },
    /// What was said in the step replaced is taken away.
    Retracted,
}

impl Said {
    /// Family and kind, as in `type`.
    pub(super) fn kind(&self, world: &World) -> &'static str {
        match self {
            Self::Stated(place) => world.statement(*place).kind,
            Self::Deployed => "deployment.done",
            Self::AccountOpened(_) => "account.opened",
            Self::Certificate { .. } => "certificate.issued",
            Self::UnitRegistered(_) => "unit.registered",
            Self::Procedure(_, ProcedureSaid::Published) => "procedure.published",
            Self::Procedure(_, ProcedureSaid::GoesByPost) => "procedure.changed",
            Self::Procedure(_, ProcedureSaid::Withdrawn) => "procedure.withdrawn",
            Self::Dossier(_, said) => said.kind(),
            Self::Document(_, DocumentSaid::Issued { .. }) => "document.issued",
            Self::Document(_, DocumentSaid::Received) => "document.received",
            Self::Document(_, DocumentSaid::Recalled) => "document.recalled",
            Self::MeetingServed(..) => "meeting.served",
            Self::SiteOpened(_) => "site.opened",
            Self::Post(_, PostSaid::Accepted { .. }) => "post.accepted",
            Self::Post(_, PostSaid::Delivered { .. }) => "post.delivered",
        }
    }
}

impl DossierSaid {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "dossier.accepted",
            Self::Promised { .. } => "dossier.promised",
            Self::SupplementRequested => "dossier.supplement_requested",
            Self::Supplemented => "dossier.supplemented",
            Self::FeePaid { .. } => "dossier.fee_paid",
            Self::Digitised { .. } => "dossier.digitised",
            Self::Approved | Self::Refused => "dossier.settled",
            Self::Returned { .. } => "dossier.returned",
            Self::Withdrawn => "dossier.withdrawn",
            Self::Stopped => "dossier.stopped",
            Self::Reopened => "dossier.reopened",
            Self::TransferredOut { .. } => "dossier.transferred_out",
            Self::TransferredIn { .. } => "dossier.transferred_in",
            Self::Retracted => "dossier.retracted",
        }
    }
}
