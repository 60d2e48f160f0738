//! Bodies of the families about an agency's own running: feedback, portal, tasks, inspections,
//! norms, certificates, accounts, deployments, staff; from random bytes and from short lines.

use tonghop_core::day::Day;
use tonghop_core::event::Body;
use tonghop_core::family::{
    account, certificate, deployment, feedback, inspection, norm, portal, staff, task,
};
use tonghop_core::measure::Code;
use tonghop_core::words::{About, Family, Holder, Movement};

use super::line::{Words, word};

/// The families whose bodies are made here.
pub(crate) const FAMILIES: [Family; 9] = [
    Family::Feedback,
    Family::Portal,
    Family::Task,
    Family::Inspection,
    Family::Norm,
    Family::Certificate,
    Family::Account,
    Family::Deployment,
    Family::Staff,
];

/// A random body; none for families that are made elsewhere. `day` is so many days after the first.
pub(crate) fn random(
    family: Family,
    bytes: [u8; 3],
    subject: &str,
    day: fn(u8) -> Day,
) -> Option<Body> {
    let [kind, p, q] = bytes;
    let begins = kind.is_multiple_of(2);
    let due = (!q.is_multiple_of(4)).then(|| day(q % 13));
    let code = |codes: [&str; 3]| Code::from(codes[usize::from(p % 3)]);
    Some(match family {
        Family::Feedback => Body::Feedback(match kind % 2 {
            0 => feedback::Event::Received { about: About::ALL[usize::from(p % 2)] },
            _ => feedback::Event::Resolved,
        }),
        Family::Portal => {
            Body::Portal(if begins { portal::Event::Posted } else { portal::Event::Removed })
        }
        Family::Task => Body::Task(match kind % 2 {
            0 => {
                let ad_hoc = p.is_multiple_of(2);
                task::Event::Planned { plan: code(["2021", "2021", "2022"]), ad_hoc, due }
            }
            _ => task::Event::Done,
        }),
        Family::Inspection => Body::Inspection(inspection::Event::Held {
            days: u32::from(kind % 3),
            units: u32::from(p % 4),
            findings: u32::from(p % 5),
            fixed: u32::from(q % 5),
        }),
        Family::Norm => Body::Norm(match kind % 4 {
            0 | 1 => norm::Event::Effective { kind: code(["QD", "CT", "XX"]) },
            2 => norm::Event::Reviewed,
            _ => norm::Event::Repealed,
        }),
        Family::Certificate => Body::Certificate(match kind % 2 {
            0 => {
                let holder = Holder::ALL[usize::from(p % 2)];
                certificate::Event::Issued { holder, expires: due }
            }
            _ => certificate::Event::Revoked,
        }),
        Family::Account => Body::Account(match kind % 2 {
            0 => account::Event::Opened { system: code(["ioffice", "ioffice", "mail"]) },
            _ => account::Event::Closed,
        }),
        Family::Deployment => {
            let step = if begins { deployment::Step::Done } else { deployment::Step::Withdrawn };
            Body::Deployment(deployment::Event { system: Code::from(subject), step })
        }
        Family::Staff => Body::Staff(match kind % 2 {
            0 => staff::Event::Posts { quota: u32::from(p % 5), filled: u32::from(q % 5) },
            _ => staff::Event::Moved { kind: Movement::ALL[usize::from(p % 5)] },
        }),
        Family::Unit
        | Family::Procedure
        | Family::Dossier
        | Family::Document
        | Family::Meeting
        | Family::Site
        | Family::Post
        | Family::Figure
        | Family::Narrative
        | Family::Source => return None,
    })
}

/// The body of a line; none for families that are read elsewhere.
pub(crate) fn of_line(
    words: &mut Words<'_>,
    family: Family,
    kind: &str,
    subject: &str,
) -> Option<Body> {
    Some(match (family, kind) {
        (Family::Feedback, "received") => {
            let about = word(words.next(), About::parse);
            Body::Feedback(feedback::Event::Received { about })
        }
        (Family::Feedback, "resolved") => Body::Feedback(feedback::Event::Resolved),
        (Family::Portal, "posted") => Body::Portal(portal::Event::Posted),
        (Family::Portal, "removed") => Body::Portal(portal::Event::Removed),
        (Family::Task, "planned") => {
            let plan = Code::from(words.next());
            let (ad_hoc, due) = (words.flag("ad_hoc"), words.due());
            Body::Task(task::Event::Planned { plan, ad_hoc, due })
        }
        (Family::Task, "done") => Body::Task(task::Event::Done),
        (Family::Inspection, "held") => Body::Inspection(inspection::Event::Held {
            days: words.number("days"),
            units: words.number("units"),
            findings: words.number("findings"),
            fixed: words.number("fixed"),
        }),
        (Family::Norm, "effective") => {
            Body::Norm(norm::Event::Effective { kind: Code::from(words.next()) })
        }
        (Family::Norm, "repealed") => Body::Norm(norm::Event::Repealed),
        (Family::Norm, "reviewed") => Body::Norm(norm::Event::Reviewed),
        (Family::Certificate, "issued") => {
            let holder = word(words.next(), Holder::parse);
            Body::Certificate(certificate::Event::Issued { holder, expires: words.due() })
        }
        (Family::Certificate, "revoked") => Body::Certificate(certificate::Event::Revoked),
        (Family::Account, "opened") => {
            Body::Account(account::Event::Opened { system: Code::from(words.next()) })
        }
        (Family::Account, "closed") => Body::Account(account::Event::Closed),
        (Family::Deployment, "done" | "withdrawn") => {
            let step =
                if kind == "done" { deployment::Step::Done } else { deployment::Step::Withdrawn };
            Body::Deployment(deployment::Event { system: Code::from(subject), step })
        }
        (Family::Staff, "posts") => {
            let (quota, filled) = (words.number("quota"), words.number("filled"));
            Body::Staff(staff::Event::Posts { quota, filled })
        }
        (Family::Staff, "moved") => {
            Body::Staff(staff::Event::Moved { kind: word(words.next(), Movement::parse) })
        }
        _ => return None,
    })
}
