//! Canonical bytes: what was packed is unpacked, for every body and timeline; damaged bytes are
//! told apart or read as something else, but never panic.

use proptest::collection::vec;
use proptest::prelude::*;
use tonghop_core::event::{Body, Statement};
use tonghop_core::family::document::Event as Document;
use tonghop_core::fold::{Plan, Projection};
use tonghop_core::pack::{Packer, Unpacker};
use tonghop_core::timeline::{Entry, Timeline};
use tonghop_core::words::Family;

use crate::kit::facts::{Fact, day, messy};
use crate::kit::line::{messages, saying};
use crate::kit::store::World;
use crate::laws::{cases, facts};

fn statements(facts: &[Fact]) -> Vec<Statement> {
    messy(facts).into_iter().filter_map(|m| m.said.ok()).map(|event| event.statement).collect()
}

fn packed(body: &Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    body.pack(&mut Packer(&mut bytes));
    bytes
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn every_body_and_statement_comes_back(facts in facts(20)) {
        for statement in statements(&facts) {
            let bytes = packed(&statement.body);
            let mut from = Unpacker(&bytes);
            prop_assert_eq!(Body::unpack(&mut from), Some(statement.body.clone()));
            prop_assert!(from.is_empty());
            let mut bytes = Vec::new();
            statement.pack(&mut Packer(&mut bytes));
            let mut from = Unpacker(&bytes);
            prop_assert_eq!(Statement::unpack(&mut from), Some(statement));
            prop_assert!(from.is_empty());
        }
    }

    #[test]
    fn every_timeline_comes_back_and_a_piece_of_it_does_not(facts in facts(20)) {
        let mut timeline = Timeline::default();
        for (position, statement) in (1..).zip(statements(&facts)) {
            timeline.insert(Entry { position, recorded: day(9), statement });
        }
        let mut bytes = Vec::new();
        timeline.pack(&mut bytes);
        prop_assert_eq!(Timeline::unpack(&bytes), Some(timeline));
        for end in 0..bytes.len() {
            prop_assert_eq!(Timeline::unpack(&bytes[..end]), None, "the first {} bytes", end);
        }
        bytes.push(0);
        prop_assert_eq!(Timeline::unpack(&bytes), None);
    }

    #[test]
    fn damaged_bytes_never_panic(
        facts in facts(12), hits in vec((any::<u16>(), any::<u8>()), 1..4), noise in vec(any::<u8>(), 0..64),
    ) {
        let log = messy(&facts);
        let world = World::of(&log);
        let spoil = |bytes: &mut Vec<u8>| {
            for (place, byte) in &hits {
                let place = usize::from(*place) % bytes.len();
                bytes[place] = *byte;
            }
        };
        for bytes in world.store.entries.values() {
            let mut bytes = bytes.clone();
            spoil(&mut bytes);
            if let Some(timeline) = Timeline::unpack(&bytes) {
                timeline.contributions();
            }
        }
        for (key, value) in &world.store.records {
            let mut value = value.clone();
            spoil(&mut value);
            drop(Projection::restore([(key.clone(), value)]));
            drop(Projection::restore([(noise.clone(), noise.clone())]));
        }
        drop(Timeline::unpack(&noise));
        drop(Body::unpack(&mut Unpacker(&noise)));
        // A damaged store is an answer of the fold, not the end of the process.
        let plan = Plan::new(log);
        let values = plan.keys().iter().map(|_| Some(noise.clone())).collect();
        drop(Projection::default().fold(plan, values));
    }

    #[test]
    fn a_timeline_holds_an_event_once(facts in facts(12)) {
        let mut timeline = Timeline::default();
        for (position, statement) in (1..).zip(statements(&facts)) {
            let held = timeline.entries().iter().any(|e| e.statement.identity == statement.identity);
            let before = timeline.clone();
            let entry = Entry { position, recorded: day(9), statement };
            prop_assert_eq!(timeline.insert(entry), !held, "DUP-1");
            prop_assert!(!held || timeline == before, "DUP-1");
        }
        let order = |e: &Entry| (e.statement.at, e.statement.body.rank(), e.statement.identity);
        prop_assert!(timeline.entries().is_sorted_by_key(order));
    }
}

const EVERY_KIND: &str = "
        H41 unit H41.1 2021-06-01 registered COMMUNE name=A
        H41 unit H41.1 2021-06-01 renamed name=A
        H41 unit H41.1 2021-06-01 moved parent=H41
        H41 unit H41.1 2021-06-01 closed
        H41 unit H41.1 2021-06-01 code_assigned code=A
        H41 procedure P 2021-06-01 published level=LEVEL_4 one_stop=yes home=COMMUNE by_post=no
        H41 procedure P 2021-06-01 changed interlinked=CROSS_LEVEL
        H41 procedure P 2021-06-01 withdrawn
        H41 dossier D 2021-06-01 accepted ONLINE f p due=1970-01-02
        H41 dossier D 2021-06-01 transferred_in f p
        H41 dossier D 2021-06-01 supplement_requested
        H41 dossier D 2021-06-01 supplemented
        H41 dossier D 2021-06-01 promised due=1970-01-01
        H41 dossier D 2021-06-01 fee_paid online
        H41 dossier D 2021-06-01 digitised result
        H41 dossier D 2021-06-01 transferred_out
        H41 dossier D 2021-06-01 settled REFUSED
        H41 dossier D 2021-06-01 withdrawn
        H41 dossier D 2021-06-01 stopped
        H41 dossier D 2021-06-01 returned POST
        H41 dossier D 2021-06-01 reopened
        H41 document 1 2021-06-01 issued KH electronic organisation
        H41 document 1 2021-06-01 received electronic
        H41 document 1 2021-06-01 recalled
        H41 meeting M 2021-06-01 served INTERNAL online sites=2 minutes=300
        H41 site S 2021-06-01 opened name=A
        H41 site S 2021-06-01 closed
        H41 post D 2021-06-01 accepted p outside
        H41 post D 2021-06-01 delivered p
        H41 figure I 2021-06-01 declared AT_LEAST from=1970-01-01 value=300 of=301 note=n
        H41 figure I 2021-06-01 declared NIL to=1970-01-01 asOf=1970-01-02
        H41 figure I 2021-06-01 withdrawn
        H41 narrative A.I 2021-06-01 submitted 2021-Q3 text=T
        H41 post D 2021-06-01 retracted";

/// The byte of a kind is a promise to the stores that are out there.
#[test]
fn the_bytes_of_the_kinds_stay_as_they_are() {
    let mut text = String::new();
    for line in EVERY_KIND.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let saying = saying(line);
        let kind = line.split(' ').nth(4).unwrap();
        text += &format!("{}.{kind} ", saying.family.word());
        for byte in packed(&saying.body) {
            text += &format!("{byte:02x}");
        }
        text.push('\n');
    }
    expect_test::expect![[r#"
        unit.registered 01054834312e31010141040000
        unit.renamed 01054834312e31020141
        unit.moved 01054834312e310303483431
        unit.closed 01054834312e310400
        unit.code_assigned 01054834312e31050141
        procedure.published 020100000402000301
        procedure.changed 020200000000030000
        procedure.withdrawn 0203
        dossier.accepted 030101700166010002
        dossier.transferred_in 03020170016600
        dossier.supplement_requested 0303
        dossier.supplemented 0304
        dossier.promised 030501
        dossier.fee_paid 030601
        dossier.digitised 03070001
        dossier.transferred_out 0308
        dossier.settled 030902
        dossier.withdrawn 030a
        dossier.stopped 030b
        dossier.returned 030c03
        dossier.reopened 030d
        document.issued 0401024b4801000100
        document.received 040201
        document.recalled 0403
        meeting.served 0501040102ac02
        site.opened 06010141
        site.closed 0602
        post.accepted 0701017001
        post.delivered 0702017000
        figure.declared 64010149010000ac02ae020201016e
        figure.declared 6401014900010200000500
        figure.withdrawn 6402
        narrative.submitted 650103412e4907323032312d51330154
        post.retracted 00
    "#]]
    .assert_eq(&text);
}

#[test]
fn what_is_no_body_is_none() {
    for bytes in [&[][..], &[8], &[99, 1], &[3], &[3, 14], &[4, 4], &[5, 2], &[6, 3], &[7, 3, 0, 0]]
    {
        assert_eq!(Body::unpack(&mut Unpacker(bytes)), None, "{bytes:?}");
    }
    for family in Family::ALL {
        assert_eq!(Body::unpack(&mut Unpacker(&[family.byte(), 0])), None);
    }
    let body = Body::Document(Document::Recalled);
    assert_eq!(Body::unpack(&mut Unpacker(&packed(&body))), Some(body));
}

/// Each field of an event is in its content: no two of these say the same.
#[test]
fn every_field_is_in_the_content() {
    let base = "H41 document 1/KH 2021-06-01 issued KH id=a";
    let others = [
        "H41 document 1/KH 2021-06-01 issued QD id=a",
        "H41 document 1/KH 2021-06-01 issued KH electronic id=a",
        "H41 document 1/KH 2021-06-01T08:01 issued KH id=a",
        "H41 document 2/KH 2021-06-01 issued KH id=a",
        "H41.1 document 1/KH 2021-06-01 issued KH id=a",
        "H41 document 1/KH 2021-06-01 issued KH id=a seq=1",
        "H41 document 1/KH 2021-06-01 issued KH id=a seq=0",
        "H41 document 1/KH 2021-06-01 issued KH id=a replaces=b",
        "H41 document 1/KH 2021-06-01 retracted id=a",
    ];
    let said = saying(base).event();
    for other in others {
        let event = saying(other).event();
        assert_eq!(event.statement.identity, said.statement.identity, "{other}");
        assert_ne!(event.content, said.content, "{other}");
    }
    let elsewhere = saying(&format!("{base} source=/other")).event();
    assert_ne!(elsewhere.statement.identity, said.statement.identity);
    let messages = messages(&[&[base][..], &others].concat().join("\n"), 1);
    assert_eq!(messages.len(), others.len() + 1);
}
