//! Each test reads the lines back and asks them, not the generator.

use std::collections::{BTreeMap, BTreeSet};

use super::agenda::Agenda;
use super::apportion::{Wheel, apportion, marks};
use super::days::{self, FIRST, LAST};
use super::documents::Documents;
use super::dossiers::Dossiers;
use super::event::{DocumentSaid, DossierSaid, PostSaid, Said};
use super::post::Post;
use super::world::World;
use super::{Scale, Value, expected, write};
use reading::{Read, bytes, figure, in_force, long, options, read};

mod contract;
mod office;
mod reading;

fn check_figures(scale: &str, seed: u64) {
    let lines = read(scale, seed);
    let lines = in_force(&lines);
    for wanted in expected(&options(scale, seed)) {
        let found = figure(&lines, wanted.indicator, wanted.unit, &wanted.from, &wanted.to);
        assert_eq!(found, wanted.value, "SAM-1: {} at scale {scale}", wanted.id);
    }
}

#[test]
fn sam_1_the_figures_hold_at_any_scale_and_seed() {
    check_figures("0.01", 1);
    check_figures("0.0123", 7);
    for scale in ["0.001", "0.00003", "0.00001", "0.000001"] {
        check_figures(scale, 1);
    }
}

#[test]
fn the_figures_are_those_of_the_seed_report() {
    let found: BTreeMap<&str, Value> =
        expected(&options("1", 1)).into_iter().map(|figure| (figure.id, figure.value)).collect();
    let count = Value::Count;
    let wanted = [
        ("S010", count(75)),
        ("S011", count(73)),
        ("S012", count(2)),
        ("S012.in_term", count(2)),
        ("S037", count(85)),
        ("S038", count(83)),
        ("S039", count(2)),
        ("S039.in_term", count(2)),
        ("accounts.ioffice", count(16_017)),
        ("certificates.departments", Value::Share { part: 20, whole: 23 }),
        ("certificates.districts", Value::Share { part: 21, whole: 21 }),
        ("deployment.ioffice_affiliates", Value::Share { part: 225, whole: 225 }),
        ("deployment.ioffice_communes", Value::Share { part: 460, whole: 460 }),
        ("deployment.ioffice_departments", Value::Share { part: 23, whole: 23 }),
        ("deployment.ioffice_districts", Value::Share { part: 21, whole: 21 }),
        ("deployment.ioffice_schools", Value::Share { part: 87, whole: 87 }),
        ("inspections.days", count(1)),
        ("norms.in_force_decisions", count(24)),
        ("norms.in_force_directives", count(11)),
        ("portal.posted", count(60)),
        ("staff.affiliates_share", Value::Share { part: 6, whole: 7 }),
        ("staff.department_share", Value::Share { part: 29, whole: 29 }),
        ("staff.rotated", count(1)),
        ("tasks.done_share", Value::Share { part: 19, whole: 21 }),
        ("documents.issued", count(140_857)),
        ("documents.received", count(1_034_859)),
        ("documents.signed_share", Value::Share { part: 102_826, whole: 140_857 }),
        ("meetings.online", count(50)),
        ("meetings.online_province_district", count(10)),
        ("meetings.sites", count(26)),
        ("post.accepted_and_delivered", count(48_988)),
        ("post.procedures_offered", count(1_091)),
        ("post.procedures_used", count(40)),
        ("post.results_delivered", count(917_302)),
        ("procedures.level_2", count(7)),
        ("procedures.level_3", count(14)),
        ("procedures.level_4", count(16)),
        ("procedures.published", count(37)),
    ];
    assert_eq!(found, BTreeMap::from(wanted));
}

#[test]
fn the_figures_shrink_with_the_scale_rounded_half_up() {
    let at_a_hundredth = expected(&options("0.01", 1));
    let value = |id: &str| at_a_hundredth.iter().find(|figure| figure.id == id).map(|f| f.value);
    assert_eq!(value("documents.received"), Some(Value::Count(10_349)));
    assert_eq!(value("documents.issued"), Some(Value::Count(1_409)));
    let signed = Value::Share { part: 1_029, whole: 1_409 };
    assert_eq!(value("documents.signed_share"), Some(signed));
    assert_eq!(value("post.results_delivered"), Some(Value::Count(9_173)));
    assert_eq!(value("post.accepted_and_delivered"), Some(Value::Count(490)));
    assert_eq!(value("post.procedures_offered"), Some(Value::Count(1_091)));
}

#[test]
fn a_wrong_window_shows() {
    let lines = read("0.01", 1);
    let lines = in_force(&lines);
    for wanted in expected(&options("0.01", 1)).iter().filter(|figure| figure.unit == "H41") {
        let wide = figure(&lines, wanted.indicator, "H41", "2021-01-01", "2021-09-14");
        let is_stock = ["meetings.sites", "accounts.ioffice"].contains(&wanted.indicator)
            || ["deployment.", "certificates."].iter().any(|of| wanted.indicator.starts_with(of));
        if !is_stock {
            assert_ne!(wide, wanted.value, "{}", wanted.id);
        }
    }
    for day in ["2021-03-09", "2021-04-14", "2021-09-06"] {
        let offered = figure(&lines, "post.procedures_offered", "H41", day, day);
        assert_ne!(offered, Value::Count(1_091), "{day}");
    }
}

/// Counts what is planned at true volume, without writing it; the lines at this volume take too
/// long to read back in a test.
#[test]
fn sam_1_the_true_volumes_are_planned() {
    let options = options("1", 1);
    let world = World::new(&options);
    let mut documents = Documents::new(&world);
    let post = Post::new(&world);
    let dossiers = Dossiers::new(&world);
    let mut agenda = Agenda::new();
    let [mut received, mut issued, mut signed, mut delivered, mut accepted] = [0_u64; 5];
    for day in days::each(FIRST, LAST) {
        documents.plan(day, &mut agenda);
        post.plan(day, &mut agenda);
        dossiers.plan(day, &mut agenda);
        let text = day.to_string();
        let of_documents = ("2021-06-01"..="2021-08-31").contains(&text.as_str());
        let of_post = ("2021-05-01"..="2021-08-30").contains(&text.as_str());
        for event in agenda.take(day) {
            match event.said {
                Said::Document(_, DocumentSaid::Issued { organisation, .. }) if of_documents => {
                    issued += 1;
                    signed += u64::from(organisation);
                }
                Said::Document(_, DocumentSaid::Received) if of_documents => received += 1,
                Said::Post(_, PostSaid::Delivered { .. }) if of_post => delivered += 1,
                Said::Dossier(_, DossierSaid::Accepted { .. }) if event.replaces.is_none() => {
                    accepted += 1;
                }
                Said::Document(..)
                | Said::Post(..)
                | Said::Dossier(..)
                | Said::UnitRegistered(_)
                | Said::Procedure(..)
                | Said::MeetingServed(..)
                | Said::SiteOpened(_)
                | Said::Stated(_)
                | Said::Deployed
                | Said::AccountOpened(_)
                | Said::Certificate { .. } => {}
            }
        }
    }
    assert_eq!([received, issued, signed], [1_034_859, 140_857, 102_826]);
    assert_eq!([delivered, accepted], [917_302, 150_000]);
}

#[test]
fn sam_2_same_options_same_bytes() {
    assert!(bytes("0.002", 5) == bytes("0.002", 5), "SAM-2: not the same twice");
    assert!(bytes("0.002", 5) != bytes("0.002", 6), "the seed changes nothing");
}

#[test]
fn sam_3_sequences_have_no_gap_and_ids_do_not_repeat() {
    let lines = read("0.01", 1);
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut said: BTreeMap<(&str, &str), &Read> = BTreeMap::new();
    let mut corrections = 0;
    for line in &lines {
        let number = last.entry(&line.source).or_default();
        *number += 1;
        assert_eq!(line.sequence, *number, "SAM-3: {}", line.source);
        if let Some(replaces) = &line.replaces {
            let first = said.get(&(line.source.as_str(), replaces.as_str()));
            let first = first.expect("SAM-3: the event corrected comes before");
            let retracts = line.kind == "dossier.retracted";
            assert!(retracts || first.kind == line.kind, "another kind corrected");
            assert_eq!((&first.subject, &first.unit), (&line.subject, &line.unit));
            corrections += 1;
        }
        let repeated = said.insert((&line.source, &line.id), line);
        assert!(repeated.is_none(), "SAM-3: id {} again", line.id);
    }
    assert!(corrections >= 10, "hardly any corrections: {corrections}");
}

#[test]
fn events_come_in_order_of_time() {
    let lines = read("0.01", 1);
    assert!(lines.is_sorted_by_key(|line| &line.time), "out of order");
    let first = lines.first().expect("a line");
    assert_eq!((first.kind.as_str(), first.subject.as_str()), ("unit.registered", "H41"));
    assert!(lines.iter().all(|line| line.day() <= "2021-09-14"), "after the last day");
}

#[test]
fn subjects_are_unique_where_they_must_be() {
    let lines = read("0.01", 1);
    let mut seen = BTreeSet::new();
    for line in in_force(&lines) {
        let once = [
            "document.issued",
            "document.received",
            "post.accepted",
            "post.delivered",
            "dossier.accepted",
            "meeting.served",
            "site.opened",
            "unit.registered",
            "procedure.published",
        ];
        if once.contains(&line.kind.as_str()) {
            assert!(seen.insert((&line.unit, &line.kind, &line.subject)), "{line:?} again");
        }
    }
    let national = |line: &&Read| line.kind == "procedure.published";
    let codes = lines.iter().filter(national).map(|line| line.subject.get(..8));
    let (count, distinct) = (codes.clone().count(), codes.collect::<BTreeSet<_>>().len());
    assert_eq!(count, distinct, "procedures told apart only by their suffix");
}

#[test]
fn a_document_is_received_from_the_unit_that_issued_it_after_that() {
    let lines = read("0.01", 1);
    let mut issued = BTreeMap::new();
    let mut received = 0_u64;
    for line in &lines {
        if line.kind == "document.issued" {
            let subject = format!("{},{},{}", line.unit, line.day(), line.subject);
            issued.insert(subject, line.unit.as_str());
        } else if line.kind == "document.received" {
            let sender = issued.get(&line.subject).expect("received before it was issued");
            assert_ne!(*sender, line.unit, "received by its issuer");
            received += 1;
        }
    }
    let each = received / long(issued.len());
    assert!((5..=9).contains(&each), "a document has about seven receivers, not {each}");
}

#[test]
fn a_scale_is_a_decimal_of_at_most_six_places() {
    let millionths = |text: &str| Scale::parse(text).map(Scale::millionths).ok();
    assert_eq!(millionths("1"), Some(1_000_000));
    assert_eq!(millionths("1.000"), Some(1_000_000));
    assert_eq!(millionths("0.01"), Some(10_000));
    assert_eq!(millionths(".5"), Some(500_000));
    assert_eq!(millionths("0.000001"), Some(1));
    for wrong in ["", ".", "0", "0.0", "1.1", "2", "-1", "+1", "1e-2", "0.0000001", "0,5", "½"] {
        assert_eq!(millionths(wrong), None, "{wrong:?}");
    }
}

#[test]
fn the_summary_counts_the_lines() {
    let mut out = Vec::new();
    let summary = write(&options("0.001", 1), &mut out).expect("writing to memory");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(summary.total(), long(text.lines().count()));
    assert_eq!(summary.events.get("unit.registered"), Some(&820));
}

#[test]
fn parts_add_up() {
    assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
    assert_eq!(apportion(1, &[1, 0, 2]), [0, 0, 1]);
    assert_eq!(apportion(0, &[0, 0]), [0, 0]);
    let marked: u64 = (0..1_409).map(|index| marks(index, 1_029, 1_409)).sum();
    assert_eq!(marked, 1_029);
    let wheel = Wheel::new([2, 0, 1]);
    assert_eq!(wheel.deal(3, 0).collect::<Vec<_>>(), [0, 0, 2]);
    assert_eq!(wheel.deal(3, 2).collect::<Vec<_>>(), [0, 0, 2]);
}
