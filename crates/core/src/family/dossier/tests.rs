//! What the golden tables (`tests/it/dossiers.rs`) cannot see: ranks, and that nothing is counted
//! for what came without an acceptance.

use super::*;

fn every_kind() -> Vec<Event> {
    let (procedure, field) = (Code::from("p"), Code::from("f"));
    vec![
        Event::Accepted {
            procedure: Code::clone(&procedure),
            field: Code::clone(&field),
            channel: Channel::Online,
            submitted: Some(Day::MIN),
            due: Some(Day::MAX),
        },
        Event::TransferredIn { procedure, field, due: None },
        Event::SupplementRequested,
        Event::Supplemented,
        Event::Promised { due: Some(Day::MIN) },
        Event::FeePaid { online: true },
        Event::Digitised { components: true, result: false },
        Event::TransferredOut,
        Event::Settled { outcome: Outcome::Refused },
        Event::Withdrawn,
        Event::Stopped,
        Event::Returned { channel: Channel::Post },
        Event::Reopened,
    ]
}

#[test]
fn what_brings_a_dossier_in_ranks_first_and_what_reopens_it_last() {
    let ranks: Vec<u8> = every_kind().iter().map(Event::rank).collect();
    assert_eq!(ranks, (1..=13).collect::<Vec<u8>>());
}

#[test]
fn without_an_acceptance_there_is_one_anomaly_and_nothing_else() {
    for event in &every_kind()[2..] {
        let mut out = Contributions::default();
        contribute(&[(Day::from_number(9), event), (Day::from_number(10), event)], &mut out);
        let found = out.summed();
        assert_eq!(found.len(), 2, "{event:?}: the anomaly, under all and under its name");
        assert!(found.iter().all(|c| c.measure == Measure::Anomaly && c.amount == 1));
        assert!(found.iter().all(|c| c.day == Day::from_number(9)));
    }
}

#[test]
fn every_event_alone_after_an_acceptance_keeps_the_account() {
    let kinds = every_kind();
    for event in &kinds {
        let mut out = Contributions::default();
        contribute(&[(Day::from_number(5), &kinds[0]), (Day::from_number(9), event)], &mut out);
        let all = out.summed();
        let sum = |measures: &[Measure]| -> i64 {
            all.iter()
                .filter(|c| c.facet == Facet::All && measures.contains(&c.measure))
                .map(|c| c.amount)
                .sum()
        };
        let came = sum(&[Measure::DossierReceivedOnline, Measure::DossierTransferredIn]);
        let went = sum(&[
            Measure::DossierPending,
            Measure::DossierSettledEarly,
            Measure::DossierWithdrawn,
            Measure::DossierStopped,
            Measure::DossierTransferredOut,
        ]);
        assert_eq!((came, went), (1, 1), "DOS-2 after {event:?}");
    }
}
