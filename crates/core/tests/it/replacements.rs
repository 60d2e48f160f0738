//! Golden tables: what takes whose place.

use expect_test::{Expect, expect};

use crate::kit::show::table;

fn check(lines: &str, expected: &Expect) {
    expected.assert_eq(&table(lines));
}

#[test]
fn a_chain_counts_by_its_last() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-02 issued QD id=b replaces=a
         H41.16 document 1/KH 2021-06-03 issued TB electronic id=c replaces=b",
        &expect![[r#"
            H41.16 2021-06-03  issued +1, issued_electronic +1
        "#]],
    );
}

#[test]
fn of_two_the_higher_sequence_wins_whichever_came_first() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-03 issued KH id=c replaces=a seq=9
         H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a seq=8",
        &expect![[r#"
            H41.16 2021-06-02  !replaces.contested +1
            H41.16 2021-06-03  issued +1
        "#]],
    );
}

#[test]
fn a_sequence_wins_over_none() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a seq=1
         H41.16 document 1/KH 2021-06-03 issued KH id=c replaces=a",
        &expect![[r#"
            H41.16 2021-06-02  issued +1
            H41.16 2021-06-03  !replaces.contested +1
        "#]],
    );
}

#[test]
fn a_retraction_wins_over_a_higher_sequence() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a seq=99
         H41.16 document 1/KH 2021-06-03 retracted id=r replaces=a seq=1",
        &expect![[r#"
            H41.16 2021-06-02  !replaces.contested +1
        "#]],
    );
}

#[test]
fn who_corrects_a_loser_has_lost_too() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a seq=1
         H41.16 document 1/KH 2021-06-03 issued KH id=c replaces=a seq=2
         H41.16 document 1/KH 2021-06-04 issued KH id=d replaces=b seq=3",
        &expect![[r#"
            H41.16 2021-06-02  !replaces.contested +1
            H41.16 2021-06-03  issued +1
            H41.16 2021-06-04  !replaces.contested +1
        "#]],
    );
}

#[test]
fn a_retraction_of_the_original_takes_a_chain_along() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a
         H41.16 document 1/KH 2021-06-03 issued KH id=c replaces=b
         H41.16 document 1/KH 2021-06-04 retracted id=r replaces=a",
        &expect![[r#"
            H41.16 2021-06-02  !replaces.contested +1
            H41.16 2021-06-03  !replaces.contested +1
        "#]],
    );
}

#[test]
fn what_replaces_nothing_counts_and_is_odd() {
    check(
        "H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a",
        &expect![[r#"
            H41.16 2021-06-02  !replaces.missing +1, issued +1
        "#]],
    );
}

#[test]
fn the_missing_target_takes_the_anomaly_away_and_never_counts() {
    check(
        "H41.16 document 1/KH 2021-06-02 issued KH id=b replaces=a
         H41.16 document 1/KH 2021-06-01 issued QD id=a",
        &expect![[r#"
            H41.16 2021-06-02  issued +1
        "#]],
    );
}

#[test]
fn a_retraction_of_nothing_is_odd() {
    check(
        "H41.16 document 1/KH 2021-06-02 retracted id=b replaces=a",
        &expect![[r#"
        H41.16 2021-06-02  !replaces.missing +1
    "#]],
    );
}

#[test]
fn an_event_in_its_own_place_and_two_in_each_others_count_nowhere_and_say_so() {
    check(
        "H41.16 document 1/KH 2021-06-02 issued KH id=a replaces=a
         H41.16 document 2/KH 2021-06-03 issued KH id=b replaces=c
         H41.16 document 2/KH 2021-06-04 issued KH id=c replaces=b",
        &expect![[r#"
            H41.16 2021-06-02  !replaces.contested +1
            H41.16 2021-06-03  !replaces.contested +1
            H41.16 2021-06-04  !replaces.contested +1
        "#]],
    );
}

#[test]
fn another_source_s_event_is_not_there_to_be_replaced() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a source=/one
         H41.16 document 1/KH 2021-06-02 retracted id=r replaces=a source=/two",
        &expect![[r#"
            H41.16 2021-06-01  issued +1
            H41.16 2021-06-02  !replaces.missing +1
        "#]],
    );
}

#[test]
fn another_subject_s_event_is_refused_as_a_target() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 2/KH 2021-06-02 issued KH id=b replaces=a",
        &expect![[r#"
            H41.16 2021-06-01  issued +1
            line 2 is refused replaces.unknown target_position=4
        "#]],
    );
}

#[test]
fn the_due_date_is_corrected_on_both_its_days() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03 id=a
         H41.16 dossier D1 2021-06-08 settled APPROVED
         H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-10 id=c replaces=a",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-08  pending -1, settled_early +1
        "#]],
    );
}

#[test]
fn a_retracted_acceptance_leaves_a_dossier_that_was_never_accepted() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03 id=a
         H41.16 dossier D1 2021-06-02 settled APPROVED
         H41.16 dossier D1 2021-06-01 retracted id=r replaces=a",
        &expect![[r#"
            H41.16 2021-06-02  !dossier.never_accepted +1
        "#]],
    );
}
