//! Anomalies: what is odd about a timeline whose events are all acceptable.
//!
//! An anomaly is a contribution like any other: it is counted on the day of the odd event, and goes
//! away by itself when the event that was missing arrives.

use crate::pack::words;

words! {
    /// What is odd.
    Anomaly {
        /// A dossier has events but was never accepted nor transferred in: it counts nowhere yet.
        DossierNeverAccepted = 1 "dossier.never_accepted",
        /// An event of a dossier is dated before the dossier came in; it counts from that day.
        DossierBeforeAccepted = 2 "dossier.before_accepted",
        /// A dossier was accepted while it was already here; the first acceptance counts.
        DossierAcceptedTwice = 3 "dossier.accepted_twice",
        /// A closed dossier was closed again; the first closing counts.
        DossierClosedTwice = 4 "dossier.closed_twice",
        /// A dossier was reopened while it was not closed.
        DossierNotClosed = 5 "dossier.not_closed",
        /// An event that needs a pending dossier came when it was closed or elsewhere.
        DossierNotPending = 6 "dossier.not_pending",
        /// A result was handed over before the dossier was closed.
        DossierReturnedBeforeClosed = 7 "dossier.returned_before_closed",
        /// A result was handed over twice; the first counts.
        DossierReturnedTwice = 8 "dossier.returned_twice",
        /// A document was issued twice in one year under one number; the first counts.
        DocumentIssuedTwice = 20 "document.issued_twice",
        /// A document was received twice by one unit; the first counts.
        DocumentReceivedTwice = 21 "document.received_twice",
        /// A document was recalled that was not issued before, or recalled twice.
        DocumentNotIssued = 22 "document.not_issued",
        /// The kind of a document is not in the list.
        DocumentUnknownKind = 23 "document.unknown_kind",
        /// A meeting was reported twice; the first counts.
        MeetingServedTwice = 30 "meeting.served_twice",
        /// A site was opened that is open.
        SiteOpenedTwice = 40 "site.opened_twice",
        /// A site was closed that is not open.
        SiteNotOpen = 41 "site.not_open",
        /// A procedure was published that is in force; the newer data count.
        ProcedurePublishedTwice = 50 "procedure.published_twice",
        /// A procedure was changed or withdrawn that is not in force.
        ProcedureNotPublished = 51 "procedure.not_published",
        /// A dossier was accepted by post twice; the first counts.
        PostAcceptedTwice = 60 "post.accepted_twice",
        /// A result was delivered by post twice; the first counts.
        PostDeliveredTwice = 61 "post.delivered_twice",
        /// A unit has a change but no registration.
        UnitNotRegistered = 70 "unit.not_registered",
        /// A unit was registered while it was registered; the newer data count from that day.
        UnitRegisteredTwice = 71 "unit.registered_twice",
        /// An event takes the place of one that this timeline does not have.
        ReplacesMissing = 80 "replaces.missing",
        /// Two events take the place of one: a retraction wins, then the higher sequence, and who
        /// corrects the loser loses with it. Or events stand in each other's places.
        ReplacesContested = 81 "replaces.contested",
        /// Feedback was resolved that was never received: it counts nowhere yet.
        FeedbackNeverReceived = 100 "feedback.never_received",
        /// Feedback was received twice; the first counts.
        FeedbackReceivedTwice = 101 "feedback.received_twice",
        /// Feedback was resolved twice; the first counts.
        FeedbackResolvedTwice = 102 "feedback.resolved_twice",
        /// Feedback was resolved on a day before it came in; it counts from that day.
        FeedbackBeforeReceived = 103 "feedback.before_received",
        /// An item was posted that is online.
        PortalPostedTwice = 105 "portal.posted_twice",
        /// An item was removed that is not online.
        PortalNotOnline = 106 "portal.not_online",
        /// A task was done that was never planned: it counts nowhere yet.
        TaskNeverPlanned = 110 "task.never_planned",
        /// A task was planned twice; the first counts.
        TaskPlannedTwice = 111 "task.planned_twice",
        /// A task was done twice; the first counts.
        TaskDoneTwice = 112 "task.done_twice",
        /// A task was done on a day before it was planned; it counts from that day.
        TaskBeforePlanned = 113 "task.before_planned",
        /// An inspection was reported twice; the first counts.
        InspectionHeldTwice = 120 "inspection.held_twice",
        /// An inspection put more shortcomings right than it found.
        InspectionFixedMore = 121 "inspection.fixed_more",
        /// A normative document came into force that is in force.
        NormEffectiveTwice = 125 "norm.effective_twice",
        /// A normative document was repealed that is not in force, or reviewed that never was: it
        /// does not count.
        NormNotInForce = 126 "norm.not_in_force",
        /// The kind of a normative document is not in the list.
        NormUnknownKind = 127 "norm.unknown_kind",
        /// A certificate was revoked that was never issued: it counts nowhere yet.
        CertificateNotIssued = 130 "certificate.not_issued",
        /// A certificate was issued twice under one serial; the first counts.
        CertificateIssuedTwice = 131 "certificate.issued_twice",
        /// A certificate was revoked twice; the first counts.
        CertificateRevokedTwice = 132 "certificate.revoked_twice",
        /// A certificate was revoked on a day before it was issued; it was never valid.
        CertificateRevokedBefore = 133 "certificate.revoked_before",
        /// A certificate ran out before it was issued; it was never valid.
        CertificateExpiredBefore = 134 "certificate.expired_before",
        /// An account was opened that is open.
        AccountOpenedTwice = 140 "account.opened_twice",
        /// An account was closed that is not open.
        AccountNotOpen = 141 "account.not_open",
        /// A system was put to use that is in use.
        DeploymentDoneTwice = 145 "deployment.done_twice",
        /// A system was withdrawn that is not in use.
        DeploymentNotDone = 146 "deployment.not_done",
        /// More posts are filled than were given.
        StaffFilledMore = 150 "staff.filled_more",
        /// A movement was reported twice; the first counts.
        StaffMovedTwice = 151 "staff.moved_twice",
    }
}
