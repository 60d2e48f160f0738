//! Measures: what contributions are amounts of, and the facets by which they are kept apart.

use std::sync::Arc;

use crate::pack::words;
use crate::words::Family;

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

        /// Flow: feedback received about a rule.
        FeedbackReceivedRule = 130 "feedback.received_rule",
        /// Flow: feedback received about conduct.
        FeedbackReceivedConduct = 131 "feedback.received_conduct",
        /// Flow: feedback resolved.
        FeedbackResolved = 132 "feedback.resolved",
        /// Edge: feedback that waits for an answer.
        FeedbackOpen = 133 "feedback.open",

        /// Flow: items posted, less removed.
        PortalPosted = 140 "portal.posted",
        /// Flow: items removed.
        PortalRemoved = 141 "portal.removed",
        /// Edge: items online.
        PortalOnline = 142 "portal.online",

        /// Edge, never ends: tasks planned or given.
        TaskPlanned = 150 "task.planned",
        /// Edge, never ends: of these, given ad hoc.
        TaskAdHoc = 151 "task.ad_hoc",
        /// Edge, never ends: tasks done.
        TaskDone = 152 "task.done",
        /// Edge, never ends: of these, given ad hoc.
        TaskAdHocDone = 153 "task.ad_hoc_done",
        /// Flow: tasks done by the last day that was set.
        TaskDoneInTime = 154 "task.done_in_time",
        /// Flow: tasks done after it.
        TaskDoneLate = 155 "task.done_late",
        /// Flow: of these, given ad hoc.
        TaskAdHocDoneLate = 156 "task.ad_hoc_done_late",
        /// Flow: tasks done for which no day was set.
        TaskDoneNoDue = 157 "task.done_no_due",
        /// Edge: tasks not done after the last day that was set.
        TaskOverdue = 158 "task.overdue",
        /// Edge: of these, given ad hoc.
        TaskAdHocOverdue = 159 "task.ad_hoc_overdue",

        /// Flow: inspections held.
        InspectionHeld = 165 "inspection.held",
        /// Flow: days, summed over inspections.
        InspectionDays = 166 "inspection.days",
        /// Flow: units inspected, summed over inspections.
        InspectionUnits = 167 "inspection.units",
        /// Flow: shortcomings found.
        InspectionFindings = 168 "inspection.findings",
        /// Flow: of these, put right.
        InspectionFixed = 169 "inspection.fixed",

        /// Edge: normative documents in force.
        NormInForce = 175 "norm.in_force",
        /// Flow: normative documents that came into force.
        NormEffective = 176 "norm.effective",
        /// Flow: normative documents repealed.
        NormRepealed = 177 "norm.repealed",
        /// Flow: reviews of normative documents.
        NormReviewed = 178 "norm.reviewed",

        /// Edge: certificates valid.
        CertificateValid = 185 "certificate.valid",
        /// Edge: of these, of organisations.
        CertificateValidOrganisation = 186 "certificate.valid_organisation",
        /// Edge: of these, of persons.
        CertificateValidPerson = 187 "certificate.valid_person",
        /// Flow: certificates issued.
        CertificateIssued = 188 "certificate.issued",
        /// Flow: certificates revoked.
        CertificateRevoked = 189 "certificate.revoked",

        /// Edge: accounts open.
        AccountOpen = 195 "account.open",

        /// Edge: systems in use.
        DeploymentDone = 200 "deployment.done",

        /// Edge by differences of readings: posts given.
        StaffQuota = 205 "staff.quota",
        /// Edge by differences of readings: posts filled.
        StaffFilled = 206 "staff.filled",
        /// Flow: people taken on.
        StaffRecruited = 207 "staff.recruited",
        /// Flow: people put into an office.
        StaffAppointed = 208 "staff.appointed",
        /// Flow: people moved to another post.
        StaffRotated = 209 "staff.rotated",
        /// Flow: people disciplined.
        StaffDisciplined = 210 "staff.disciplined",
        /// Flow: people who left.
        StaffLeft = 211 "staff.left",

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
            120..=129 => 7,
            130..=139 => 8,
            140..=149 => 9,
            150..=164 => 10,
            165..=174 => 11,
            175..=184 => 12,
            185..=194 => 13,
            195..=199 => 14,
            200..=204 => 15,
            205..=219 => 16,
            220 => 60,
            221..=229 => 61,
            _ => 0,
        }
    }

    /// The family whose timelines contribute it; none: those of all families do.
    pub const fn family(self) -> Option<Family> {
        Some(match self.group() {
            2 => Family::Procedure,
            3 => Family::Dossier,
            4 => Family::Document,
            5 => Family::Meeting,
            6 => Family::Site,
            7 => Family::Post,
            8 => Family::Feedback,
            9 => Family::Portal,
            10 => Family::Task,
            11 => Family::Inspection,
            12 => Family::Norm,
            13 => Family::Certificate,
            14 => Family::Account,
            15 => Family::Deployment,
            16 => Family::Staff,
            60 => Family::Figure,
            61 => Family::Narrative,
            _ => return None,
        })
    }

    /// Whether its cells are kept apart by this facet too, beside the cells of all.
    pub const fn is_kept_by(self, kind: FacetKind) -> bool {
        match kind {
            FacetKind::All => false,
            FacetKind::Field => matches!(self.group(), 3),
            FacetKind::Procedure => {
                matches!(self.group(), 3)
                    || matches!(self, Self::PostAccepted | Self::PostDelivered)
            }
            FacetKind::Kind => matches!(self.group(), 12) || matches!(self, Self::DocumentIssued),
            FacetKind::Anomaly => matches!(self, Self::Anomaly),
            FacetKind::System => matches!(self, Self::AccountOpen | Self::DeploymentDone),
            FacetKind::Plan => matches!(self.group(), 10),
            FacetKind::Declared => matches!(self, Self::FigureDeclared),
            FacetKind::Narrative => matches!(self, Self::NarrativeSubmitted),
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
        /// By system (hệ thống, phần mềm).
        System = 5 "system",
        /// By plan (kế hoạch).
        Plan = 6 "plan",
        /// By what a declared figure says.
        Declared = 7 "declared",
        /// By the text of a narrative.
        Narrative = 8 "narrative",
    }
}

/// A code of an administrative list: a field, a procedure, a kind of document, a system, a plan.
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
