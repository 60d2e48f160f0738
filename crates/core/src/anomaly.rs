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
        /// Declared figures were withdrawn that were not declared before.
        FigureNotDeclared = 180 "figure.not_declared",
        /// A unit has a change but no registration.
        UnitNotRegistered = 70 "unit.not_registered",
        /// A unit was registered while it was registered; the newer data count from that day.
        UnitRegisteredTwice = 71 "unit.registered_twice",
        /// An event takes the place of one that this timeline does not have.
        ReplacesMissing = 80 "replaces.missing",
        /// Two events take the place of one: a retraction wins, then the higher sequence, and who
        /// corrects the loser loses with it. Or events stand in each other's places.
        ReplacesContested = 81 "replaces.contested",
    }
}
