//! What a damaged store may hand to the fold: timelines and records.

use tonghop_core::day::Day;
use tonghop_core::event::{Body, Statement};
use tonghop_core::pack::{Packer, Unpacker};
use tonghop_core::timeline::{Entry, Timeline};
use tonghop_tests::fuzz::{Memory, Random, mutated, run};
use tonghop_wire::{Decoder, Raw, route};

use crate::{HELD, examples};

/// An event of six bytes at rest is some hundred in memory, and so is each of its contributions.
const OF_STORED: Memory = Memory { fixed: 64 * 1024, factor: 256 };

fn statements() -> Vec<Statement> {
    let mut decoder = Decoder::new();
    let mut said = Vec::new();
    for line in examples() {
        let subject = route(&line).unwrap();
        let raw = Raw { subject: &subject, headers: &[], payload: &line };
        said.push(decoder.decode(&raw).unwrap().statement);
    }
    said
}

fn packed(timeline: &Timeline) -> Vec<u8> {
    let mut bytes = Vec::new();
    timeline.pack(&mut bytes);
    bytes
}

#[test]
fn timelines() {
    let said = statements();
    // Of one family and of several: what is damaged may say anything.
    let good: Vec<Vec<u8>> = (0..said.len() * 2)
        .map(|start| {
            let mut timeline = Timeline::default();
            for (position, statement) in
                (1..).zip(said.iter().cycle().skip(start).take(1 + start % 9))
            {
                let recorded = Day::from_number(18_800);
                timeline.insert(Entry { position, recorded, statement: statement.clone() });
            }
            packed(&timeline)
        })
        .collect();
    let make = |random: &mut Random| {
        let place = random.below(good.len());
        mutated(random, &good[place], &good)
    };
    run(("timelines", &HELD, OF_STORED), 4_000, make, Vec::len, |bytes| {
        let Some(timeline) = Timeline::unpack(bytes) else { return };
        let once = timeline.contributions();
        let again = Timeline::unpack(&packed(&timeline)).expect("what was packed is unpacked");
        assert_eq!(again, timeline);
        assert_eq!(again.contributions(), once);
    });
}

#[test]
fn bodies_and_statements() {
    let good: Vec<Vec<u8>> = statements()
        .iter()
        .flat_map(|statement| {
            let (mut whole, mut body) = (Vec::new(), Vec::new());
            statement.pack(&mut Packer(&mut whole));
            statement.body.pack(&mut Packer(&mut body));
            [whole, body]
        })
        .collect();
    let make = |random: &mut Random| {
        let place = random.below(good.len());
        mutated(random, &good[place], &good)
    };
    run(("statements", &HELD, OF_STORED), 4_000, make, Vec::len, |bytes| {
        if let Some(body) = Body::unpack(&mut Unpacker(bytes)) {
            let mut again = Vec::new();
            body.pack(&mut Packer(&mut again));
            assert_eq!(Body::unpack(&mut Unpacker(&again)), Some(body));
        }
        if let Some(statement) = Statement::unpack(&mut Unpacker(bytes)) {
            let mut again = Vec::new();
            statement.pack(&mut Packer(&mut again));
            assert_eq!(Statement::unpack(&mut Unpacker(&again)), Some(statement));
        }
    });
}
