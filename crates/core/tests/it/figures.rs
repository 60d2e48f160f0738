//! Declared figures and narratives: golden tables, and the two clocks.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tonghop_core::family::figure::Declaration;
use tonghop_core::family::narrative::Narrative;
use tonghop_core::measure::Code;
use tonghop_core::words::Qualifier;

use crate::kit::day;
use crate::kit::line::{PRELUDE, messages};
use crate::kit::show::cells;
use crate::kit::store::World;

fn check(lines: &str, expected: &Expect) {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    expected.assert_eq(&cells(&world.store, true));
}

#[test]
fn a_declaration_counts_on_the_day_that_it_is_of() {
    check(
        "H41.16 figure a 2021-09-06 declared EXACT from=2021-06-01 to=2021-08-31 value=60
         H41.16 figure b 2021-09-06 declared AT_LEAST asOf=2021-08-15 to=2021-08-31 value=40 of=50
         H41.16 figure c 2021-09-06 declared NIL note=mục|A
         H41.16 figure d 2021-09-06 declared EXACT from=2021-06-01 value=7",
        &expect![[r#"
            H41.16 2021-08-15  declared +1, declared[declared=b||2021-08-31|2021-08-15|40|50|AT_LEAST|] +1
            H41.16 2021-08-31  declared +1, declared[declared=a|2021-06-01|2021-08-31||60||EXACT|] +1
            H41.16 2021-09-06  declared +2, declared[declared=c||||0||NIL|mục|A] +1, declared[declared=d|2021-06-01|||7||EXACT|] +1
        "#]],
    );
}

#[test]
fn declarations_that_differ_both_stand_until_one_takes_the_place_of_the_other() {
    check(
        "H41.16 figure a 2021-09-06 declared EXACT value=9 id=a
         H41.16 figure a 2021-09-06 declared EXACT value=14 id=b
         H41.16 figure a 2021-09-06 declared EXACT value=14 id=c
         H41.16 figure b 2021-09-06 declared EXACT value=1 id=d
         H41.16 figure b 2021-09-07 declared EXACT value=2 id=e replaces=d",
        &expect![[r#"
            H41.16 2021-09-06  declared +3, declared[declared=a||||14||EXACT|] +2, declared[declared=a||||9||EXACT|] +1
            H41.16 2021-09-07  declared +1, declared[declared=b||||2||EXACT|] +1
        "#]],
    );
}

#[test]
fn withdrawn_are_those_that_were_declared_before() {
    check(
        "H41.16 figure a 2021-09-06 declared EXACT asOf=2021-08-01 value=9 id=a
         H41.16 figure a 2021-09-07 withdrawn id=b
         H41.16 figure a 2021-09-08 declared EXACT asOf=2021-08-01 value=8 id=c
         H41.16 figure b 2021-09-08 withdrawn id=d",
        &expect![[r#"
            H41.16 2021-08-01  declared +1, declared[declared=a|||2021-08-01|8||EXACT|] +1
            H41.16 2021-09-08  !figure.not_declared +1
        "#]],
    );
}

#[test]
fn the_last_text_of_a_section_and_period_is_in_force() {
    check(
        "H41.16 narrative A.I 2021-09-06 submitted 2021-Q3 text=one id=a
         H41.16 narrative A.I 2021-09-07 submitted 2021-Q3 text=two|three id=b
         H41.16 narrative A.I 2021-06-07 submitted 2021-Q2 text=old id=c
         H41.16 narrative A.II 2021-09-06 submitted 2021-Q3 text=gone id=d
         H41.16 narrative A.II 2021-09-06 retracted id=e replaces=d",
        &expect![[r#"
            H41.16 2021-06-07  submitted +1, submitted[narrative=A.I|2021-Q2|old] +1
            H41.16 2021-09-07  submitted +1, submitted[narrative=A.I|2021-Q3|two|three] +1
        "#]],
    );
}

/// Withdrawn in September, it still is what was known in August.
#[test]
fn what_was_declared_is_known_by_the_day_on_which_it_was_recorded() {
    let mut world = World::of(&messages(PRELUDE, 1));
    let lines = "
        H41.16 figure a 2021-08-06 declared EXACT asOf=2021-08-01 value=9 id=a rec=2021-08-06
        H41.16 figure a 2021-09-07 withdrawn id=b rec=2021-09-07";
    world.fold(&messages(lines, 4));
    let known = |by: &str| -> i64 {
        let by = day(by);
        let all = world.store.cells.iter();
        all.filter(|(key, _)| key.facet.code().starts_with("a|") && key.recorded <= by)
            .map(|(_, amount)| amount)
            .sum()
    };
    assert_eq!([known("2021-08-05"), known("2021-08-06"), known("2021-09-07")], [0, 1, 0]);
}

fn days() -> impl Strategy<Value = Option<tonghop_core::day::Day>> {
    proptest::option::of(any::<u16>().prop_map(tonghop_core::day::Day::from_number))
}

proptest! {
    #[test]
    fn fig_2_a_code_is_read_back(
        (from, to, as_of) in (days(), days(), days()),
        (value, of) in (any::<u32>(), any::<Option<u32>>()),
        qualifier in 0..5_usize,
        note in "[ -~ạ|\n]{0,20}",
    ) {
        let note = (!note.is_empty()).then(|| Box::from(note.as_str()));
        let declaration = Declaration {
            indicator: Code::from("a.b_c-1"), from, to, as_of, value, of,
            qualifier: Qualifier::ALL[qualifier], note,
        };
        prop_assert_eq!(Declaration::parse(&declaration.code()), Some(declaration));
    }

    #[test]
    fn a_narrative_is_read_back(text in "[ -~ạ|\n]{1,40}") {
        let narrative = Narrative {
            section: Code::from("A.I"), period: Code::from("2021-Q3"), text: text.as_str().into(),
        };
        prop_assert_eq!(Narrative::parse(&narrative.code()), Some(narrative));
    }
}
