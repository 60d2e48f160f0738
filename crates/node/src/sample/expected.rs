//! What the fold of the sample must give: the figures of the seed report at the scale asked.

use super::Options;
use super::totals;
use super::units::{AFFILIATES, DEPARTMENTS, DISTRICTS};

/// One figure that the events hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// A name for the check, unique among them.
    pub id: &'static str,
    /// The indicator of the contract.
    pub indicator: &'static str,
    /// The unit for which it is read, with all below it.
    pub unit: &'static str,
    /// First day of the window, `YYYY-MM-DD`.
    pub from: String,
    /// Last day of the window; a stock is read on it.
    pub to: String,
    /// The figure.
    pub value: Value,
    /// The row of the seed that states it.
    pub seed_line: &'static str,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number of things.
    Count(u64),
    /// A part of a whole.
    Share {
        /// The numerator.
        part: u64,
        /// The denominator.
        whole: u64,
    },
}

/// The volumes at one scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Volumes {
    pub(super) received: u64,
    pub(super) issued: u64,
    pub(super) signed: u64,
    pub(super) delivered: u64,
    pub(super) accepted_and_delivered: u64,
    pub(super) procedures_used: u64,
    pub(super) accounts: u64,
    pub(super) certificates_of_persons: u64,
}

impl Volumes {
    /// Scales the totals; a part never exceeds its whole.
    pub(super) fn of(options: &Options) -> Self {
        let scale = options.scale;
        let issued = scale.of(totals::DOCUMENTS_ISSUED);
        let delivered = scale.of(totals::POST_DELIVERED);
        Self {
            received: scale.of(totals::DOCUMENTS_RECEIVED),
            issued,
            signed: (issued * totals::DOCUMENTS_SIGNED_PERCENT + 50) / 100,
            delivered,
            accepted_and_delivered: scale.of(totals::POST_ACCEPTED_AND_DELIVERED).min(delivered),
            procedures_used: totals::POST_PROCEDURES_USED.min(delivered),
            accounts: scale.of(totals::ACCOUNTS),
            certificates_of_persons: scale.of(totals::CERTIFICATES_OF_PERSONS),
        }
    }
}

/// The figures that the sample of these options holds, in the order of the report.
pub fn expected(options: &Options) -> Vec<Expected> {
    let volumes = Volumes::of(options);
    own_dossiers()
        .into_iter()
        .chain(own_procedures())
        .chain(own_office())
        .chain(province(&volumes))
        .chain(reach(&volumes))
        .collect()
}

fn own_dossiers() -> [Expected; 8] {
    use totals::{
        OWN_ACCEPTED_BY_INSPECTION, OWN_ACCEPTED_BY_REPORT, OWN_INSPECTION, OWN_REPORT,
        OWN_RETURNED_BY_INSPECTION, OWN_RETURNED_BY_REPORT,
    };
    let early = |id, indicator, count| own(id, indicator, OWN_INSPECTION, count);
    let late = |id, indicator, count| own(id, indicator, OWN_REPORT, count);
    let open_early = OWN_ACCEPTED_BY_INSPECTION - OWN_RETURNED_BY_INSPECTION;
    let open_late = OWN_ACCEPTED_BY_REPORT - OWN_RETURNED_BY_REPORT;
    [
        early("S010", "dossiers.received_other", OWN_ACCEPTED_BY_INSPECTION),
        early("S011", "dossiers.returned", OWN_RETURNED_BY_INSPECTION),
        early("S012", "dossiers.pending", open_early),
        early("S012.in_term", "dossiers.pending_in_term", open_early),
        late("S037", "dossiers.received_other", OWN_ACCEPTED_BY_REPORT),
        late("S038", "dossiers.returned", OWN_RETURNED_BY_REPORT),
        late("S039", "dossiers.pending", open_late),
        late("S039.in_term", "dossiers.pending_in_term", open_late),
    ]
}

fn own_procedures() -> [Expected; 4] {
    let stock = |line, indicator, count| Expected {
        id: indicator,
        ..own(line, indicator, totals::OWN_REPORT, count)
    };
    let [level_4, level_3, level_2] = totals::OWN_PROCEDURES;
    [
        stock("S027", "procedures.published", level_4 + level_3 + level_2),
        stock("S033", "procedures.level_4", level_4),
        stock("S034", "procedures.level_3", level_3),
        stock("S055", "procedures.level_2", level_2),
    ]
}

fn own_office() -> Vec<Expected> {
    let portal = totals::PORTAL;
    let inspected = totals::Window { from: totals::INSPECTION, to: totals::INSPECTION };
    let report = |line, indicator, value| Expected {
        id: indicator,
        value,
        ..own(line, indicator, totals::OWN_REPORT, 0)
    };
    let [(_, _, decisions), (_, _, directives)] = totals::NORMS;
    let [(_, filled, quota), (_, filled_below, quota_below)] = totals::STAFF;
    let tasks = Value::Share { part: totals::TASKS_DONE, whole: totals::TASKS_PLANNED };
    vec![
        report("S007", "tasks.done_share", tasks),
        Expected { id: "inspections.days", ..own("S009", "inspections.days", inspected, 1) },
        report("S024", "norms.in_force_decisions", Value::Count(decisions)),
        report("S025", "norms.in_force_directives", Value::Count(directives)),
        report("S041", "staff.department_share", Value::Share { part: filled, whole: quota }),
        report(
            "S042",
            "staff.affiliates_share",
            Value::Share { part: filled_below, whole: quota_below },
        ),
        report("S047", "staff.rotated", Value::Count(1)),
        Expected {
            id: "portal.posted",
            ..own("S057", "portal.posted", portal, totals::PORTAL_POSTED)
        },
    ]
}

/// How far iOffice and certificates reach: units of a level that have them, of all of that level.
fn reach(volumes: &Volumes) -> Vec<Expected> {
    let on_report = |line, indicator, value| Expected {
        id: indicator,
        unit: "H41",
        value,
        ..own(line, indicator, totals::OWN_REPORT, 0)
    };
    let communes = DISTRICTS.iter().map(|(_, communes)| communes).sum();
    let all = |count| Value::Share { part: count, whole: count };
    let (departments, districts) = (count(&DEPARTMENTS), count(&DISTRICTS));
    let certified = u64::try_from(totals::CERTIFIED_DEPARTMENTS).unwrap_or(0);
    vec![
        on_report("S069", "deployment.ioffice_departments", all(departments)),
        on_report("S070", "deployment.ioffice_districts", all(districts)),
        on_report("S071", "deployment.ioffice_communes", all(communes)),
        on_report("S072", "deployment.ioffice_schools", all(totals::SCHOOLS)),
        on_report("S073", "deployment.ioffice_affiliates", all(AFFILIATES)),
        on_report("S076", "accounts.ioffice", Value::Count(volumes.accounts)),
        on_report(
            "S084",
            "certificates.departments",
            Value::Share { part: certified, whole: departments },
        ),
        on_report("S085", "certificates.districts", all(districts)),
    ]
}

fn count<T>(things: &[T]) -> u64 {
    u64::try_from(things.len()).unwrap_or(u64::MAX)
}

fn province(volumes: &Volumes) -> [Expected; 10] {
    use totals::{DOCUMENTS, MEETINGS, MEETINGS_LATE, POST};
    let of = |line, indicator, window: totals::Window, value| Expected {
        id: indicator,
        indicator,
        unit: "H41",
        from: window.from.to_string(),
        to: window.to.to_string(),
        value,
        seed_line: line,
    };
    let count = |line, indicator, window, number| of(line, indicator, window, Value::Count(number));
    let signed = Value::Share { part: volumes.signed, whole: volumes.issued };
    let online_late = totals::MEETINGS_ONLINE_LATE;
    let both = volumes.accepted_and_delivered;
    [
        count("S061", "meetings.online", MEETINGS, totals::MEETINGS_ONLINE),
        count("S078", "documents.received", DOCUMENTS, volumes.received),
        count("S079", "documents.issued", DOCUMENTS, volumes.issued),
        of("S080", "documents.signed_share", DOCUMENTS, signed),
        count("S081", "meetings.sites", MEETINGS, totals::SITES),
        count("S082", "meetings.online_province_district", MEETINGS_LATE, online_late),
        count("S090", "post.procedures_offered", POST, totals::POST_PROCEDURES_OFFERED),
        count("S091", "post.procedures_used", POST, volumes.procedures_used),
        count("S092", "post.results_delivered", POST, volumes.delivered),
        count("S093", "post.accepted_and_delivered", POST, both),
    ]
}

fn own(id: &'static str, indicator: &'static str, window: totals::Window, count: u64) -> Expected {
    Expected {
        id,
        indicator,
        unit: "H41.16",
        from: window.from.to_string(),
        to: window.to.to_string(),
        value: Value::Count(count),
        seed_line: id.split('.').next().unwrap_or(id),
    }
}
