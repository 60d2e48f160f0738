//! Whether each line says what the contract allows, and each dossier lives a possible life.

use std::collections::{BTreeMap, BTreeSet};

use super::super::units::DISTRICTS;
use super::reading::{Read, in_force, long, read};

/// Fields of each kind: all that are required, then those that may be absent.
fn fields(kind: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        "unit.registered" => (&["name", "level"], &["parent"]),
        "procedure.published" => (
            &["name", "field", "serviceLevel", "oneStop", "interlinked", "homeLevel", "byPost"],
            &[],
        ),
        "procedure.changed" => (&["byPost"], &[]),
        "feedback.received" => (&["about"], &[]),
        "dossier.accepted" => {
            (&["procedure", "field", "channel"], &["submittedAt", "dueOn", "serviceLevel"])
        }
        "dossier.promised" => (&["dueOn", "reason"], &[]),
        "dossier.fee_paid" => (&["online"], &[]),
        "dossier.digitised" => (&["components", "result"], &[]),
        "dossier.settled" => (&["outcome"], &[]),
        "dossier.returned" => (&["channel"], &[]),
        "dossier.withdrawn" | "dossier.stopped" | "dossier.reopened" => (&["reason"], &[]),
        "dossier.transferred_out" => (&["to"], &[]),
        "dossier.transferred_in" => {
            (&["from", "procedure", "field", "channel", "acceptedOn"], &["dueOn"])
        }
        "document.issued" => (
            &["kind", "electronic", "personalSignature", "organisationSignature", "normative"],
            &[],
        ),
        "document.received" => (&["electronic"], &[]),
        "meeting.served" => (&["scope", "online", "sites", "minutes"], &[]),
        "site.opened" => (&["name"], &[]),
        "post.accepted" | "post.delivered" => (&["procedure", "outside"], &[]),
        "task.planned" => (&["plan", "adHoc", "dueOn"], &[]),
        "inspection.held" => (&["days", "units", "findings", "fixed"], &[]),
        "norm.effective" | "staff.moved" => (&["kind"], &[]),
        "certificate.issued" => (&["holder", "expiresOn"], &[]),
        "account.opened" => (&["system"], &[]),
        "staff.posts" => (&["quota", "filled"], &[]),
        "figure.declared" => (&["qualifier"], &["value", "of", "from", "to", "asOf", "note"]),
        "narrative.submitted" => (&["text", "period"], &[]),
        "procedure.withdrawn"
        | "task.done"
        | "feedback.resolved"
        | "portal.posted"
        | "deployment.done"
        | "document.recalled"
        | "dossier.supplement_requested"
        | "dossier.supplemented"
        | "dossier.retracted" => (&[], &[]),
        other => panic!("a kind that the contract does not have: {other}"),
    }
}

#[test]
fn each_line_keeps_to_the_contract() {
    let lines = read("0.01", 1);
    let mut kinds = BTreeSet::new();
    for line in &lines {
        let (required, optional) = fields(&line.kind);
        let missing = required.iter().find(|field| !line.data.contains_key(**field));
        assert_eq!(missing, None, "{line:?}");
        let known = |field: &str| required.contains(&field) || optional.contains(&field);
        assert!(line.data.keys().all(|field| known(field)), "{line:?}");
        assert!(line.id.len() <= 64 && line.id.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(line.source.starts_with(&format!("/{}/", line.unit)), "{line:?}");
        assert!(line.time.ends_with("+07:00"), "{line:?}");
        let moved = line.kind == "dossier.transferred_in";
        let since = if moved { line.text("acceptedOn") } else { line.day() };
        assert!(line.text("dueOn").is_empty() || line.text("dueOn") >= since, "{line:?}");
        kinds.insert(line.kind.as_str());
    }
    assert_eq!(kinds.len(), 39, "{kinds:?}");
}

#[test]
fn the_registry_is_that_of_the_province() {
    let lines = read("0.001", 1);
    let mut registered: BTreeMap<&str, &str> = BTreeMap::new();
    let mut levels: BTreeMap<&str, u64> = BTreeMap::new();
    for line in &lines {
        if line.kind == "unit.registered" {
            let parent = line.text("parent");
            assert!(parent.is_empty() || registered.contains_key(parent), "{line:?}");
            assert_eq!((line.unit.as_str(), line.source.as_str()), ("H41", "/H41/danh-muc"));
            registered.insert(&line.subject, line.text("name"));
            *levels.entry(line.text("level")).or_default() += 1;
        } else {
            assert!(registered.contains_key(line.unit.as_str()), "{} unknown", line.unit);
        }
    }
    let wanted = [
        ("PROVINCE", 1),
        ("DEPARTMENT", 23),
        ("DISTRICT", 21),
        ("COMMUNE", 460),
        ("AFFILIATE", 225),
        ("SCHOOL", 87),
        ("OUTSIDE", 3),
    ];
    assert_eq!(levels, BTreeMap::from(wanted));
    assert_eq!(registered.get("H41.16"), Some(&"Sở Thông tin và Truyền thông"));
    assert_eq!(DISTRICTS.iter().map(|(_, communes)| communes).sum::<u64>(), 460);
}

#[test]
fn what_is_invented_says_so() {
    for line in read("0.001", 1) {
        let marked = line.source.contains("/minh-hoa/");
        let invented = match line.kind.split('.').next() {
            Some("dossier" | "procedure") => line.unit != "H41.16",
            Some("document" | "account" | "certificate") => true,
            _ => false,
        };
        assert_eq!(marked, invented, "{line:?}");
    }
}

#[test]
fn the_dossiers_of_h41_16_are_settled_and_never_late() {
    let lines = read("0.001", 1);
    let own: Vec<&Read> = lines.iter().filter(|line| line.source == "/H41.16/igate").collect();
    let accepted = own.iter().filter(|line| line.kind == "dossier.accepted");
    let due: BTreeMap<&str, &str> =
        accepted.map(|line| (line.subject.as_str(), line.text("dueOn"))).collect();
    assert_eq!(due.len(), 85);
    let settled: Vec<&&Read> = own.iter().filter(|line| line.kind == "dossier.settled").collect();
    assert_eq!(settled.len(), 83);
    let early = settled
        .iter()
        .filter(|line| due.get(line.subject.as_str()).is_some_and(|&d| line.day() < d));
    assert!((60..83).contains(&early.count()), "most are early, some on the day");
    for line in settled {
        assert!(
            due.get(line.subject.as_str()).is_some_and(|&d| line.day() <= d),
            "{line:?} is late"
        );
    }
    assert!(own.iter().all(|line| line.text("channel") != "ONLINE"));
}

#[test]
fn each_dossier_lives_a_life_that_can_be_lived() {
    let lines = read("0.03", 3);
    let mut place: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for line in in_force(&lines) {
        let Some(kind) = line.kind.strip_prefix("dossier.") else { continue };
        *kinds.entry(kind).or_default() += 1;
        let place = place.entry((&line.unit, &line.subject)).or_insert("not yet");
        *place = match (*place, kind) {
            ("not yet", "accepted" | "transferred_in")
            | ("pending", "promised" | "fee_paid")
            | ("waiting", "supplemented")
            | ("closed", "reopened") => "pending",
            ("pending", "supplement_requested") => "waiting",
            ("pending", "settled" | "withdrawn" | "stopped") => "closed",
            ("closed", "returned") => "returned",
            ("pending", "transferred_out") => "elsewhere",
            (now @ ("pending" | "closed"), "digitised") => now,
            (now, kind) => panic!("{kind} while {now}: {line:?}"),
        };
    }
    assert_eq!(kinds.len(), 14 - 1, "all but retractions happen: {kinds:?}");
    assert_eq!(kinds.get("transferred_out"), kinds.get("transferred_in"));
    let pending = place.values().filter(|place| **place == "pending").count();
    let share = 100 * long(pending) / long(place.len());
    assert!((1..=15).contains(&share), "{share} % are pending at the end");
}
