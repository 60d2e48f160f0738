//! Golden tables: what is refused, and with what arguments.

use expect_test::{Expect, expect};
use tonghop_core::fold::{Message, Outcome};
use tonghop_core::limits::{SOURCES_PER_UNIT_MAX, TIMELINE_EVENTS_MAX};

use crate::kit::line::{PRELUDE, messages};
use crate::kit::show::table;
use crate::kit::store::World;

fn check(lines: &str, expected: &Expect) {
    expected.assert_eq(&table(lines));
}

/// The codes of the refused among these lines, after the prelude.
fn refused(lines: &str) -> Vec<&'static str> {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    world.refusals.iter().map(|(_, refusal)| refusal.code.word()).collect()
}

#[test]
fn an_id_may_be_used_again_for_the_same_alone() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-01 issued QD id=a
         H41.16 document 2/KH 2021-06-01 issued KH id=a
         H41.17 document 1/KH 2021-06-01 issued KH id=a
         H41.17 document 1/KH 2021-06-01 issued KH id=a source=/other",
        &expect![[r#"
            H41.16 2021-06-01  issued +1
            H41.17 2021-06-01  issued +1
            line 2 is a duplicate
            line 3 is refused id.reused first_position=4
            line 4 is refused id.reused first_position=4
            line 5 is refused id.reused first_position=4
        "#]],
    );
}

#[test]
fn an_id_that_was_refused_is_free() {
    check(
        "H41.99 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-01 issued KH id=a",
        &expect![[r#"
            H41.16 2021-06-01  issued +1
            line 1 is refused unit.unknown unit=H41.99
        "#]],
    );
}

#[test]
fn a_unit_speaks_from_its_registration_on_whatever_the_day_is_until_it_closes() {
    check(
        "H41.18 site S1 2021-06-01 opened id=a
         H41 unit H41.18 2021-06-05 registered COMMUNE parent=H41 name=x
         H41.18 site S1 2021-06-01 opened id=a
         H41 unit H41.18 2021-07-01 closed
         H41.18 site S2 2021-06-30 opened
         H41.18 site S3 2021-07-01 opened
         H41.18 site S4 2021-07-02 opened",
        &expect![[r#"
            H41.18 2021-06-01  open +1
            H41.18 2021-06-30  open +1
            line 1 is refused unit.unknown unit=H41.18
            line 6 is refused unit.closed unit=H41.18 closed=2021-07-01 day=2021-07-01
            line 7 is refused unit.closed unit=H41.18 closed=2021-07-01 day=2021-07-02
        "#]],
    );
}

#[test]
fn a_retracted_closing_opens_the_unit_and_a_retracted_registration_shuts_it() {
    check(
        "H41 unit H41.17 2021-07-01 closed id=c
         H41.17 site S1 2021-07-01 opened id=a
         H41 unit H41.17 2021-07-01 retracted replaces=c
         H41.17 site S1 2021-07-01 opened id=a
         H41 unit H41.17 2000-01-01 retracted replaces=u3
         H41.17 site S2 2021-07-01 opened id=b",
        &expect![[r#"
            H41.17 2021-07-01  open +1
            line 2 is refused unit.closed unit=H41.17 closed=2021-07-01 day=2021-07-01
            line 6 is refused unit.unknown unit=H41.17
        "#]],
    );
}

#[test]
fn a_unit_that_is_registered_anew_is_not_closed() {
    check(
        "H41 unit H41.17 2021-07-01 closed id=c
         H41 unit H41.17 2021-08-01 registered DEPARTMENT parent=H41 name=new id=d
         H41.17 site S1 2021-08-01 opened
         H41 unit H41.17 2021-09-01 closed id=e
         H41.17 site S2 2021-09-01 opened",
        &expect![[r#"
            H41.17 2021-08-01  open +1
            line 5 is refused unit.closed unit=H41.17 closed=2021-09-01 day=2021-09-01
        "#]],
    );
}

#[test]
fn only_the_office_of_the_level_speaks_of_units_and_makes_no_circles() {
    check(
        "H41.16 unit H41.18 2021-06-01 registered COMMUNE parent=H41
         H42 unit H41.18 2021-06-01 registered COMMUNE parent=H41
         H41 unit H41.16 2021-06-01 moved parent=H41.16
         H41 unit H41.16 2021-06-02 moved parent=H41.17
         H41 unit H41.17 2021-06-03 moved parent=H41.16",
        &expect![[r#"
            line 1 is refused unit.mismatch unit=H41.16 expected=H41
            line 2 is refused unit.mismatch unit=H42 expected=H41
            line 3 is refused unit.circular unit=H41.16 parent=H41.16
            line 5 is refused unit.circular unit=H41.17 parent=H41.16
        "#]],
    );
}

#[test]
fn five_minutes_ahead_of_the_log_are_borne() {
    check(
        "H41.16 site S1 2021-06-01T08:05 opened rec=2021-06-01T08:00
         H41.16 site S2 2021-06-01T08:06 opened rec=2021-06-01T08:00
         H41.16 site S3 2021-06-01T08:05 opened rec=2021-05-01T08:00",
        &expect![[r#"
            H41.16 2021-06-01  open +2
            line 2 is refused time.in_future time=2021-06-01T08:06:00+07:00 recorded=2021-06-01T08:00:00+07:00
        "#]],
    );
}

#[test]
fn a_unit_publishes_from_so_many_sources() {
    let lines: Vec<String> = (0..=SOURCES_PER_UNIT_MAX)
        .map(|n| format!("H41.16 site S{n} 2021-06-01 opened source=/s{n}"))
        .collect();
    assert_eq!(refused(&lines.join("\n")), ["source.too_many"]);
    let again = lines[..lines.len() - 1].join("\n")
        + "\nH41.16 site T 2021-06-01 opened source=/s0
           H41.17 site T 2021-06-01 opened source=/new";
    assert_eq!(refused(&again), Vec::<&str>::new());
}

#[test]
fn a_timeline_has_so_many_events() {
    let line = |n: usize| format!("H41.16 site S 2021-06-01 opened id=s{n}");
    let lines: Vec<String> = (0..=TIMELINE_EVENTS_MAX).map(line).collect();
    assert_eq!(refused(&lines.join("\n")), ["timeline.full"]);
    // What is there already is a duplicate, full or not.
    let again = [&lines[..TIMELINE_EVENTS_MAX], &lines[..1]].concat();
    assert_eq!(refused(&again.join("\n")), Vec::<&str>::new());
}

/// Anybody may say that a unit's event never was; the memory that this takes must have a bound.
#[test]
fn retractions_about_units_come_from_an_office_that_has_units() {
    check(
        "X01 unit X01.1 2021-06-01 retracted replaces=z
         H41.16 unit H41.16 2021-06-01 retracted replaces=u2
         H41 unit H41.16 2021-06-01 retracted replaces=z",
        &expect![[r#"
            H41 2021-06-01  !replaces.missing +1
            line 1 is refused unit.unknown unit=X01
            line 2 is refused replaces.unknown target_position=2
        "#]],
    );
}

#[test]
#[should_panic(expected = "POS-1")]
fn pos_1_a_gap_is_never_folded() {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages("H41.16 site S1 2021-06-01 opened", 5));
}

#[test]
fn recorded_days_never_go_back() {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(
        "H41.16 site S1 2021-06-01 opened rec=2021-06-10
         H41.16 site S2 2021-06-01 opened rec=2021-06-05
         H41.16 site S3 2021-06-01 opened rec=2021-06-11",
        4,
    ));
    let days: Vec<String> = world
        .store
        .cells
        .iter()
        .map(|(key, amount)| format!("{} {amount}", key.recorded))
        .collect();
    assert_eq!(days, ["2021-06-10 2", "2021-06-11 1"]);
    assert_eq!(world.projection.recorded().to_string(), "2021-06-11");
}

#[test]
fn an_unreadable_message_is_counted_and_holds_back_nothing() {
    let mut log = messages(PRELUDE, 1);
    log.extend(messages("H41.16 site S1 2021-06-01 opened\nH41.16 site S2 2021-06-01 opened", 4));
    let refusal =
        tonghop_core::refusal::Refusal::new(tonghop_core::refusal::RefusalCode::EnvelopeUnreadable);
    log[3] = Message { said: Err(refusal.clone()), ..log[3].clone() };
    let world = World::of(&log);
    assert_eq!(world.outcomes[3..], [Outcome::Refused, Outcome::Folded]);
    assert_eq!(world.refusals, [(4, refusal)]);
}
