//! Golden tables: dossiers whose events are acceptable but odd; every one carries an anomaly, and
//! counts no twice.

use expect_test::{Expect, expect};

use crate::kit::show::table;

fn check(lines: &str, expected: &Expect) {
    expected.assert_eq(&table(lines));
}

#[test]
fn never_accepted_it_counts_nowhere_until_the_acceptance_arrives() {
    check(
        "H41.16 dossier D1 2021-06-05 settled APPROVED
         H41.16 dossier D1 2021-06-07 returned DIRECT",
        &expect![[r#"
            H41.16 2021-06-05  !dossier.never_accepted +1
        "#]],
    );
    check(
        "H41.16 dossier D1 2021-06-05 settled APPROVED
         H41.16 dossier D1 2021-06-07 returned DIRECT
         H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-05  pending -1, settled_on_time +1
            H41.16 2021-06-07  returned +1
        "#]],
    );
}

#[test]
fn what_is_dated_before_the_acceptance_counts_on_the_day_of_acceptance() {
    check(
        "H41.16 dossier D1 2021-06-03 accepted DIRECT f p due=2021-06-10
         H41.16 dossier D1 2021-06-01 fee_paid
         H41.16 dossier D1 2021-06-02 settled APPROVED
         H41.17 dossier D2 2021-06-03 accepted DIRECT f p due=2021-06-10
         H41.17 dossier D2 2021-06-01 promised due=2021-06-02",
        &expect![[r#"
            H41.16 2021-06-01  !dossier.before_accepted +1
            H41.16 2021-06-02  !dossier.before_accepted +1
            H41.16 2021-06-03  received_direct +1, settled_early +1, fee_paid +1
            H41.17 2021-06-01  !dossier.before_accepted +1
            H41.17 2021-06-03  received_direct +1, pending +1, overdue +1, promised_anew +1
        "#]],
    );
}

#[test]
fn accepted_twice_the_first_counts() {
    check(
        "H41.16 dossier D1 2021-06-03 accepted ONLINE f2 p2 due=2021-06-10
         H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05
         H41.16 dossier D1 2021-06-09 settled APPROVED
         H41.16 dossier D1 2021-06-11 accepted POST f p",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-03  !dossier.accepted_twice +1
            H41.16 2021-06-06  overdue +1
            H41.16 2021-06-09  pending -1, overdue -1, settled_late +1
            H41.16 2021-06-11  !dossier.accepted_twice +1
        "#]],
    );
}

#[test]
fn closed_twice_the_first_counts() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05
         H41.16 dossier D1 2021-06-04 withdrawn
         H41.16 dossier D1 2021-06-06 settled APPROVED
         H41.16 dossier D1 2021-06-07 stopped",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-04  pending -1, withdrawn +1
            H41.16 2021-06-06  !dossier.closed_twice +1
            H41.16 2021-06-07  !dossier.closed_twice +1
        "#]],
    );
}

#[test]
fn what_needs_a_pending_dossier_does_nothing_to_a_closed_one() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05
         H41.16 dossier D1 2021-06-04 settled APPROVED
         H41.16 dossier D1 2021-06-05 promised due=2021-06-20
         H41.16 dossier D1 2021-06-06 supplement_requested
         H41.16 dossier D1 2021-06-07 transferred_out
         H41.16 dossier D1 2021-06-08 transferred_in f p",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-04  pending -1, settled_early +1
            H41.16 2021-06-05  !dossier.not_pending +1
            H41.16 2021-06-06  !dossier.not_pending +1
            H41.16 2021-06-07  !dossier.not_pending +1
            H41.16 2021-06-08  !dossier.accepted_twice +1
        "#]],
    );
}

#[test]
fn what_is_elsewhere_is_closed_and_reopened_there() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05
         H41.16 dossier D1 2021-06-02 transferred_out
         H41.16 dossier D1 2021-06-03 transferred_out id=again
         H41.16 dossier D1 2021-06-04 settled APPROVED
         H41.16 dossier D1 2021-06-05 reopened
         H41.16 dossier D1 2021-06-06 supplemented
         H41.16 dossier D1 2021-06-07 accepted DIRECT f p
         H41.16 dossier D1 2021-06-08 returned DIRECT",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  transferred_out +1, pending -1
            H41.16 2021-06-03  !dossier.not_pending +1
            H41.16 2021-06-04  !dossier.not_pending +1
            H41.16 2021-06-05  !dossier.not_closed +1
            H41.16 2021-06-06  !dossier.not_pending +1
            H41.16 2021-06-07  !dossier.accepted_twice +1
            H41.16 2021-06-08  !dossier.returned_before_closed +1, returned +1
        "#]],
    );
}

#[test]
fn reopened_while_open_is_odd() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p
         H41.16 dossier D1 2021-06-02 reopened",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  !dossier.not_closed +1
        "#]],
    );
}

#[test]
fn transferred_in_without_having_left_is_odd_and_without_an_acceptance_is_not() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05
         H41.16 dossier D1 2021-06-02 transferred_in f p due=2021-06-09
         H41.17 dossier D1 2021-06-02 transferred_in f p due=2021-06-09",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  !dossier.accepted_twice +1
            H41.16 2021-06-06  overdue +1
            H41.17 2021-06-02  transferred_in +1, pending +1
            H41.17 2021-06-10  overdue +1
        "#]],
    );
}

#[test]
fn handed_over_before_the_closing_counts_once_on_its_day() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p
         H41.16 dossier D1 2021-06-02 returned DIRECT
         H41.16 dossier D1 2021-06-03 settled APPROVED
         H41.16 dossier D1 2021-06-04 returned POST id=again",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  !dossier.returned_before_closed +1, returned +1
            H41.16 2021-06-03  pending -1, settled_no_due +1
            H41.16 2021-06-04  !dossier.returned_twice +1
        "#]],
    );
}

#[test]
fn a_retracted_acceptance_gives_way_to_the_second() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-05 id=a
         H41.16 dossier D1 2021-06-03 accepted ONLINE f p due=2021-06-05 id=b
         H41.16 dossier D1 2021-06-04 settled APPROVED
         H41.16 dossier D1 2021-06-01 retracted replaces=a",
        &expect![[r#"
            H41.16 2021-06-03  received_online +1, pending +1
            H41.16 2021-06-04  pending -1, settled_early +1
        "#]],
    );
}

#[test]
fn the_last_day_of_all_is_never_passed() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2149-06-06
         H41.16 dossier D2 2021-06-01 accepted DIRECT f p due=2149-06-05",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +2, pending +2
            H41.16 2149-06-06  overdue +1
        "#]],
    );
}
