//! Measures: what contributions are amounts of, and the facets by which they are kept apart.

use std::sync::Arc;

use crate::pack::words;

words! {
    /// What an amount counts. Catalogue files name measures by these words.
    ///
    /// *Flow* measures count what happened on a day. *Edge* measures count +1 on the day an
    /// interval begins and −1 on the day it ends: their sum up to a day is the stock on it.
    Measure {
        /// Edge: procedures in force.
        ProcedurePublished = 1 "procedure.published",
        /// Edge: of these, at online level 1.
        ProcedureLevel1 = 2 "procedure.level_1",
        /// Edge: at online level 2.
        ProcedureLevel2 = 3 "procedure.level_2",
        /// Edge: at online level 3.
        ProcedureLevel3 = 4 "procedure.level_3",
        /// Edge: at online level 4.
        ProcedureLevel4 = 5 "procedure.level_4",
        /// Edge: partly online.
        ProcedurePartial = 6 "procedure.partial",
        /// Edge: wholly online.
        ProcedureFull = 7 "procedure.full",
        /// Edge: at the one-stop counter.
        ProcedureOneStop = 8 "procedure.one_stop",
        /// Edge: interlinked, on one level or over several.
        ProcedureInterlinked = 9 "procedure.interlinked",
        /// Edge: offered through the public post.
        ProcedureByPost = 10 "procedure.by_post",
        /// Edge: decided by the province.
        ProcedureHomeProvince = 11 "procedure.home_province",
        /// Edge: decided by the district.
        ProcedureHomeDistrict = 12 "procedure.home_district",
        /// Edge: decided by the commune.
        ProcedureHomeCommune = 13 "procedure.home_commune",

        /// Flow: dossiers accepted, handed in online.
        DossierReceivedOnline = 30 "dossier.received_online",
        /// Flow: accepted at the counter.
        DossierReceivedDirect = 31 "dossier.received_direct",
        /// Flow: accepted by post.
        DossierReceivedPost = 32 "dossier.received_post",
        /// Flow: taken over from another unit.
        DossierTransferredIn = 33 "dossier.transferred_in",
        /// Flow: handed over to another unit.
        DossierTransferredOut = 34 "dossier.transferred_out",
        /// Edge: accepted and not closed.
        DossierPending = 35 "dossier.pending",
        /// Edge: pending after the promised day.
        DossierOverdue = 36 "dossier.overdue",
        /// Edge: pending and waiting for a supplement.
        DossierWaiting = 37 "dossier.waiting",
        /// Flow: settled before the promised day.
        DossierSettledEarly = 38 "dossier.settled_early",
        /// Flow: settled on the promised day.
        DossierSettledOnTime = 39 "dossier.settled_on_time",
        /// Flow: settled after the promised day.
        DossierSettledLate = 40 "dossier.settled_late",
        /// Flow: settled, nothing promised.
        DossierSettledNoDue = 41 "dossier.settled_no_due",
        /// Flow: withdrawn by its owner.
        DossierWithdrawn = 42 "dossier.withdrawn",
        /// Flow: stopped by the unit.
        DossierStopped = 43 "dossier.stopped",
        /// Flow: settled by a refusal; inside the settled classes.
        DossierRefused = 44 "dossier.refused",
        /// Flow: result handed over.
        DossierReturned = 45 "dossier.returned",
        /// Flow: result handed over by post; inside returned.
        DossierReturnedPost = 46 "dossier.returned_post",
        /// Flow: fee paid.
        DossierFeePaid = 47 "dossier.fee_paid",
        /// Flow: fee paid online; inside fee paid.
        DossierFeePaidOnline = 48 "dossier.fee_paid_online",
        /// Flow: components digitised.
        DossierDigitisedComponents = 49 "dossier.digitised_components",
        /// Flow: result digitised.
        DossierDigitisedResult = 50 "dossier.digitised_result",
        /// Flow: opened again after closing.
        DossierReopened = 51 "dossier.reopened",
        /// Flow: promised anew.
        DossierPromisedAnew = 52 "dossier.promised_anew",

        /// Flow: documents issued, less recalled.
        DocumentIssued = 70 "document.issued",
        /// Flow: of these, electronic.
        DocumentIssuedElectronic = 71 "document.issued_electronic",
        /// Flow: of these, with an organisation signature.
        DocumentIssuedOrganisationSigned = 72 "document.issued_organisation_signed",
        /// Flow: of these, with a personal signature.
        DocumentIssuedPersonSigned = 73 "document.issued_person_signed",
        /// Flow: of these, normative.
        DocumentIssuedNormative = 74 "document.issued_normative",
        /// Flow: documents received.
        DocumentReceived = 75 "document.received",
        /// Flow: of these, electronic.
        DocumentReceivedElectronic = 76 "document.received_electronic",
        /// Flow: documents recalled.
        DocumentRecalled = 77 "document.recalled",

        /// Flow: online meetings of a ministry with the province.
        MeetingOnlineMinistryProvince = 90 "meeting.online_ministry_province",
        /// Flow: online meetings of the province with districts.
        MeetingOnlineProvinceDistrict = 91 "meeting.online_province_district",
        /// Flow: online meetings of the province with communes.
        MeetingOnlineProvinceCommune = 92 "meeting.online_province_commune",
        /// Flow: online meetings within one body.
        MeetingOnlineInternal = 93 "meeting.online_internal",
        /// Flow: meetings in person.
        MeetingInPerson = 94 "meeting.in_person",
        /// Flow: sites joined, summed over meetings.
        MeetingSitesJoined = 95 "meeting.sites_joined",
        /// Flow: minutes, summed over meetings.
        MeetingMinutes = 96 "meeting.minutes",

        /// Edge: video-conference sites in use.
        SiteOpen = 110 "site.open",

        /// Flow: dossiers accepted by post.
        PostAccepted = 120 "post.accepted",
        /// Flow: of these, for owners outside the provincial committee.
        PostAcceptedOutside = 121 "post.accepted_outside",
        /// Flow: results delivered by post.
        PostDelivered = 122 "post.delivered",
        /// Flow: of these, for owners outside the provincial committee.
        PostDeliveredOutside = 123 "post.delivered_outside",
        /// Flow: results delivered whose dossier was accepted by post too.
        PostDeliveredAndAccepted = 124 "post.delivered_and_accepted",

        /// Declared figures in force, by the day that each is of; facet: what it says.
        FigureDeclared = 220 "figure.declared",
        /// Narratives in force, by the day of their event; facet: the text.
        NarrativeSubmitted = 221 "narrative.submitted",

        /// Flow: anomalies, by the day of the event that is odd; facet: which.
        Anomaly = 255 "anomaly",
    }
}

impl Measure {
    /// The part of the word before the dot, as a number: measures of one group share pages.
    pub const fn group(self) -> u8 {
        match self.byte() {
            1..=29 => 2,
            30..=69 => 3,
            70..=89 => 4,
            90..=109 => 5,
            110..=119 => 6,
            120..=139 => 7,
            220 => 60,
            221..=229 => 61,
            _ => 0,
        }
    }
}

words! {
    /// By what a cell is kept apart beside unit, measure and day.
    FacetKind {
        /// By nothing: the cell of all.
        All = 0 "all",
        /// By field (lĩnh vực).
        Field = 1 "field",
        /// By procedure (thủ tục).
        Procedure = 2 "procedure",
        /// By kind of document (loại văn bản).
        Kind = 3 "kind",
        /// By anomaly.
        Anomaly = 4 "anomaly",
        /// By what a declared figure says.
        Declared = 7 "declared",
        /// By the text of a narrative.
        Narrative = 8 "narrative",
    }
}

/// A code of an administrative list: a field, a procedure, a kind of document.
pub type Code = Arc<str>;

/// One value of one facet; every contribution also counts under [`Facet::All`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The cell of all.
    All,
    /// The cell of one code.
    Of(FacetKind, Code),
}

impl Facet {
    /// Which kind of facet.
    pub const fn kind(&self) -> FacetKind {
        match self {
            Self::All => FacetKind::All,
            Self::Of(kind, _) => *kind,
        }
    }

    /// The code, empty for the cell of all.
    pub fn code(&self) -> &str {
        match self {
            Self::All => "",
            Self::Of(_, code) => code,
        }
    }
}
