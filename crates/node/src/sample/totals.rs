//! The figures of the seed report, and the volumes that are invented; every total in one place.

use super::days::{Day, day};

/// A window of days, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Day,
    pub(super) to: Day,
}

const fn window(from: Day, to: Day) -> Window {
    Window { from, to }
}

/// S078–S080: documents.
pub(super) const DOCUMENTS: Window = window(day(2021, 6, 1), day(2021, 8, 31));
/// S078.
pub(super) const DOCUMENTS_RECEIVED: u64 = 1_034_859;
/// S079.
pub(super) const DOCUMENTS_ISSUED: u64 = 140_857;
/// S080: how many of a hundred issued carry the organisation's signature.
pub(super) const DOCUMENTS_SIGNED_PERCENT: u64 = 73;
/// Invented, so that a wrong window shows: documents just before the window, and just after.
pub(super) const DOCUMENTS_BEFORE: Window = window(day(2021, 5, 17), day(2021, 5, 31));
/// See [`DOCUMENTS_BEFORE`].
pub(super) const DOCUMENTS_AFTER: Window = window(day(2021, 9, 1), day(2021, 9, 14));
/// Issued on either side.
pub(super) const DOCUMENTS_ISSUED_ASIDE: u64 = 200;
/// Received on either side.
pub(super) const DOCUMENTS_RECEIVED_ASIDE: u64 = 700;

/// S090–S093: the public post.
pub(super) const POST: Window = window(day(2021, 5, 1), day(2021, 8, 30));
/// S090, on the last day.
pub(super) const POST_PROCEDURES_OFFERED: u64 = 1_091;
/// S091.
pub(super) const POST_PROCEDURES_USED: u64 = 40;
/// S092.
pub(super) const POST_DELIVERED: u64 = 917_302;
/// S093.
pub(super) const POST_ACCEPTED_AND_DELIVERED: u64 = 48_988;
/// Invented: deliveries just before the window, and just after.
pub(super) const POST_BEFORE: Window = window(day(2021, 4, 19), day(2021, 4, 30));
/// See [`POST_BEFORE`].
pub(super) const POST_AFTER: Window = window(day(2021, 8, 31), day(2021, 9, 14));
/// Delivered on either side.
pub(super) const POST_DELIVERED_ASIDE: u64 = 600;
/// Of these, accepted by post too.
pub(super) const POST_BOTH_ASIDE: u64 = 120;
/// Accepted in the window and never delivered.
pub(super) const POST_UNDELIVERED: u64 = 500;

/// S061, S082: meetings. They are few, and do not scale.
pub(super) const MEETINGS: Window = window(day(2021, 1, 1), day(2021, 8, 27));
/// S061.
pub(super) const MEETINGS_ONLINE: u64 = 50;
/// S082: the part of the window that the report counts on its own.
pub(super) const MEETINGS_LATE: Window = window(day(2021, 7, 1), day(2021, 8, 27));
/// S082.
pub(super) const MEETINGS_ONLINE_LATE: u64 = 10;
/// S081.
pub(super) const SITES: u64 = 26;

/// S010–S012: the dossiers of H41.16 up to its inspection.
pub(super) const OWN_INSPECTION: Window = window(day(2021, 1, 1), day(2021, 6, 28));
/// S037–S039: up to its report.
pub(super) const OWN_REPORT: Window = window(day(2021, 1, 1), day(2021, 9, 6));
/// S010.
pub(super) const OWN_ACCEPTED_BY_INSPECTION: u64 = 75;
/// S011.
pub(super) const OWN_RETURNED_BY_INSPECTION: u64 = 73;
/// S037.
pub(super) const OWN_ACCEPTED_BY_REPORT: u64 = 85;
/// S038.
pub(super) const OWN_RETURNED_BY_REPORT: u64 = 83;
/// S033, S034, S055: procedures of H41.16 at levels 4, 3 and 2.
pub(super) const OWN_PROCEDURES: [u64; 3] = [16, 14, 7];

/// S007: tasks of the year's plan.
pub(super) const TASKS_PLANNED: u64 = 21;
/// S007: of these, done by the day of the report.
pub(super) const TASKS_DONE: u64 = 19;
/// S009: the day of the inspection.
pub(super) const INSPECTION: Day = day(2021, 6, 24);
/// S024, S025: normative documents in force: the code of their kind, its letters, how many.
pub(super) const NORMS: [(&str, &str, u64); 2] = [("QD", "QĐ", 24), ("CT", "CT", 11)];
/// S041, S042: unit, posts filled, posts given.
pub(super) const STAFF: [(&str, u64, u64); 2] = [("H41.16", 29, 29), ("H41.16.1", 6, 7)];
/// S057: items posted on the portal.
pub(super) const PORTAL: Window = window(day(2021, 6, 1), day(2021, 9, 6));
/// S057.
pub(super) const PORTAL_POSTED: u64 = 60;
/// Invented: items just before the window, and as many after.
pub(super) const PORTAL_ASIDE: u64 = 5;
/// S072: upper-secondary schools.
pub(super) const SCHOOLS: u64 = 87;
/// S076.
pub(super) const ACCOUNTS: u64 = 16_017;
/// S084: departments with certificates.
pub(super) const CERTIFIED_DEPARTMENTS: usize = 20;
/// Invented: the report says "over 4,000" certificates, of organisations and persons together.
pub(super) const CERTIFICATES_OF_PERSONS: u64 = 4_100;

/// Invented: the dossiers of all other units.
pub(super) const DOSSIERS: u64 = 150_000;
/// When they are accepted.
pub(super) const DOSSIERS_ACCEPTED: Window = window(day(2021, 1, 1), day(2021, 9, 14));
