//! Golden tables: dossiers on their way through Biểu 06. Left: events; right: contributions by day.

use expect_test::{Expect, expect};

use crate::kit::line::{PRELUDE, messages};
use crate::kit::show::{cells, table};
use crate::kit::store::World;

fn check(lines: &str, expected: &Expect) {
    expected.assert_eq(&table(lines));
}

#[test]
fn settled_early_on_time_late_and_with_nothing_promised() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted ONLINE f p due=2021-06-10
         H41.16 dossier D1 2021-06-09T17:00 settled APPROVED
         H41.16 dossier D2 2021-06-02 accepted DIRECT f p due=2021-06-10
         H41.16 dossier D2 2021-06-10T23:59 settled APPROVED
         H41.17 dossier D3 2021-06-03 accepted POST f p due=2021-06-10
         H41.17 dossier D3 2021-06-11T00:00 settled APPROVED
         H41.17 dossier D4 2021-06-04 accepted DIRECT f p
         H41.17 dossier D4 2021-06-30 settled REFUSED",
        &expect![[r#"
            H41.16 2021-06-01  received_online +1, pending +1
            H41.16 2021-06-02  received_direct +1, pending +1
            H41.16 2021-06-09  pending -1, settled_early +1
            H41.16 2021-06-10  pending -1, settled_on_time +1
            H41.17 2021-06-03  received_post +1, pending +1
            H41.17 2021-06-04  received_direct +1, pending +1
            H41.17 2021-06-11  pending -1, settled_late +1
            H41.17 2021-06-30  pending -1, settled_no_due +1, refused +1
        "#]],
    );
}

#[test]
fn every_amount_of_a_dossier_is_under_its_field_and_its_procedure() {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages("H41.16 dossier D1 2021-06-01 accepted ONLINE xuat-ban 1.005129", 4));
    expect![[r#"
        H41.16 2021-06-01  received_online +1, received_online[field=xuat-ban] +1, received_online[procedure=1.005129] +1, pending +1, pending[field=xuat-ban] +1, pending[procedure=1.005129] +1
    "#]].assert_eq(&cells(&world.store, true));
}

#[test]
fn settled_late_was_overdue_from_the_day_after_the_promise() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-10 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-04  overdue +1
            H41.16 2021-06-10  pending -1, overdue -1, settled_late +1
        "#]],
    );
}

#[test]
fn settled_on_the_day_after_the_promise_was_never_overdue_at_the_end_of_a_day() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-04 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-04  pending -1, settled_late +1
        "#]],
    );
}

#[test]
fn a_dossier_that_stays_open_becomes_overdue_and_stays_so() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03",
        &expect![[r#"
        H41.16 2021-06-01  received_direct +1, pending +1
        H41.16 2021-06-04  overdue +1
    "#]],
    );
}

#[test]
fn promised_for_the_day_of_acceptance_is_overdue_from_the_next() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-01",
        &expect![[r#"
        H41.16 2021-06-01  received_direct +1, pending +1
        H41.16 2021-06-02  overdue +1
    "#]],
    );
}

#[test]
fn promised_anew_in_time_it_is_late_against_the_new_promise_alone() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-02 promised due=2021-06-08
         H41.16 dossier D1 2021-06-05 settled APPROVED
         H41.17 dossier D2 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.17 dossier D2 2021-06-03 promised due=2021-06-08
         H41.17 dossier D2 2021-06-12 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  promised_anew +1
            H41.16 2021-06-05  pending -1, settled_early +1
            H41.17 2021-06-01  received_direct +1, pending +1
            H41.17 2021-06-03  promised_anew +1
            H41.17 2021-06-09  overdue +1
            H41.17 2021-06-12  pending -1, overdue -1, settled_late +1
        "#]],
    );
}

#[test]
fn promised_anew_when_overdue_it_was_overdue_until_then() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-06 promised due=2021-06-10
         H41.16 dossier D1 2021-06-08 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-04  overdue +1
            H41.16 2021-06-06  overdue -1, promised_anew +1
            H41.16 2021-06-08  pending -1, settled_early +1
        "#]],
    );
}

#[test]
fn promised_anew_for_a_day_that_is_past_is_overdue_at_once() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-20
         H41.16 dossier D1 2021-06-06 promised due=2021-06-04
         H41.16 dossier D1 2021-06-08 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-06  overdue +1, promised_anew +1
            H41.16 2021-06-08  pending -1, overdue -1, settled_late +1
        "#]],
    );
}

#[test]
fn promised_for_no_day_it_is_overdue_no_more() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-06 promised
         H41.16 dossier D1 2021-06-08 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-04  overdue +1
            H41.16 2021-06-06  overdue -1, promised_anew +1
            H41.16 2021-06-08  pending -1, settled_no_due +1
        "#]],
    );
}

#[test]
fn promised_for_the_first_time_after_acceptance() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p
         H41.16 dossier D1 2021-06-02 promised due=2021-06-05
         H41.16 dossier D1 2021-06-05 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  promised_anew +1
            H41.16 2021-06-05  pending -1, settled_on_time +1
        "#]],
    );
}

#[test]
fn waiting_for_a_supplement_is_inside_pending() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-10
         H41.16 dossier D1 2021-06-02 supplement_requested
         H41.16 dossier D1 2021-06-03 supplement_requested id=again
         H41.16 dossier D1 2021-06-05 supplemented
         H41.16 dossier D1 2021-06-06 supplemented id=again2
         H41.16 dossier D1 2021-06-07 supplement_requested id=second
         H41.16 dossier D1 2021-06-09 stopped",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  waiting +1
            H41.16 2021-06-05  waiting -1
            H41.16 2021-06-07  waiting +1
            H41.16 2021-06-09  pending -1, waiting -1, stopped +1
        "#]],
    );
}

#[test]
fn withdrawn_and_stopped_are_classes_of_their_own_however_late() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-02 withdrawn
         H41.17 dossier D2 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.17 dossier D2 2021-06-09 stopped",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  pending -1, withdrawn +1
            H41.17 2021-06-01  received_direct +1, pending +1
            H41.17 2021-06-04  overdue +1
            H41.17 2021-06-09  pending -1, overdue -1, stopped +1
        "#]],
    );
}

#[test]
fn reopened_it_takes_its_closing_back_in_the_class_that_it_had_then() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-10
         H41.16 dossier D1 2021-06-05 settled REFUSED
         H41.16 dossier D1 2021-06-08 reopened
         H41.16 dossier D1 2021-06-12 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-05  pending -1, settled_early +1, refused +1
            H41.16 2021-06-08  pending +1, settled_early -1, refused -1, reopened +1
            H41.16 2021-06-11  overdue +1
            H41.16 2021-06-12  pending -1, overdue -1, settled_late +1
        "#]],
    );
}

#[test]
fn reopened_after_its_promise_it_is_overdue_at_once_until_promised_anew() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-02 withdrawn
         H41.16 dossier D1 2021-06-08 reopened
         H41.16 dossier D1 2021-06-10 promised due=2021-06-15
         H41.16 dossier D1 2021-06-15 settled APPROVED
         H41.16 dossier D1 2021-06-20 reopened id=second
         H41.16 dossier D1 2021-06-20T16:00 settled APPROVED id=third",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  pending -1, withdrawn +1
            H41.16 2021-06-08  pending +1, overdue +1, withdrawn -1, reopened +1
            H41.16 2021-06-10  overdue -1, promised_anew +1
            H41.16 2021-06-15  pending -1, settled_on_time +1
            H41.16 2021-06-20  settled_on_time -1, settled_late +1, reopened +1
        "#]],
    );
}

#[test]
fn from_one_unit_to_another() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted ONLINE f p due=2021-06-03
         H41.16 dossier D1 2021-06-05 transferred_out
         H41.17 dossier D1 2021-06-05 transferred_in f p due=2021-06-03
         H41.17 dossier D1 2021-06-07 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_online +1, pending +1
            H41.16 2021-06-04  overdue +1
            H41.16 2021-06-05  transferred_out +1, pending -1, overdue -1
            H41.17 2021-06-05  transferred_in +1, pending +1, overdue +1
            H41.17 2021-06-07  pending -1, overdue -1, settled_late +1
        "#]],
    );
}

#[test]
fn out_and_back_with_the_old_promise_or_a_new_one() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-02 supplement_requested
         H41.16 dossier D1 2021-06-05 transferred_out
         H41.16 dossier D1 2021-06-08 transferred_in f p
         H41.16 dossier D1 2021-06-09 settled APPROVED
         H41.17 dossier D2 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.17 dossier D2 2021-06-02 transferred_out
         H41.17 dossier D2 2021-06-08 transferred_in f p due=2021-06-12
         H41.17 dossier D2 2021-06-12 settled APPROVED",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  waiting +1
            H41.16 2021-06-04  overdue +1
            H41.16 2021-06-05  transferred_out +1, pending -1, overdue -1, waiting -1
            H41.16 2021-06-08  transferred_in +1, pending +1, overdue +1
            H41.16 2021-06-09  pending -1, overdue -1, settled_late +1
            H41.17 2021-06-01  received_direct +1, pending +1
            H41.17 2021-06-02  transferred_out +1, pending -1
            H41.17 2021-06-08  transferred_in +1, pending +1
            H41.17 2021-06-12  pending -1, settled_on_time +1
        "#]],
    );
}

#[test]
fn the_result_is_handed_over_after_the_closing_and_is_no_second_closing() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.16 dossier D1 2021-06-02 settled APPROVED
         H41.16 dossier D1 2021-06-20 returned POST
         H41.17 dossier D2 2021-06-01 accepted DIRECT f p due=2021-06-03
         H41.17 dossier D2 2021-06-02 settled APPROVED
         H41.17 dossier D2 2021-06-02 returned DIRECT
         H41.17 dossier D2 2021-06-05 reopened
         H41.17 dossier D2 2021-06-06 settled APPROVED id=again
         H41.17 dossier D2 2021-06-07 returned DIRECT id=again2",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  pending -1, settled_early +1
            H41.16 2021-06-20  returned +1, returned_post +1
            H41.17 2021-06-01  received_direct +1, pending +1
            H41.17 2021-06-02  pending -1, settled_early +1, returned +1
            H41.17 2021-06-05  pending +1, overdue +1, settled_early -1, reopened +1
            H41.17 2021-06-06  pending -1, overdue -1, settled_late +1
            H41.17 2021-06-07  returned +1
        "#]],
    );
}

#[test]
fn fees_and_digitised_papers_count_whenever_they_come() {
    check(
        "H41.16 dossier D1 2021-06-01 accepted DIRECT f p
         H41.16 dossier D1 2021-06-02 fee_paid online
         H41.16 dossier D1 2021-06-03 fee_paid
         H41.16 dossier D1 2021-06-04 digitised components
         H41.16 dossier D1 2021-06-05 settled APPROVED
         H41.16 dossier D1 2021-06-06 digitised components result",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1
            H41.16 2021-06-02  fee_paid +1, fee_paid_online +1
            H41.16 2021-06-03  fee_paid +1
            H41.16 2021-06-04  digitised_components +1
            H41.16 2021-06-05  pending -1, settled_no_due +1
            H41.16 2021-06-06  digitised_components +1, digitised_result +1
        "#]],
    );
}

#[test]
fn settled_and_reopened_on_the_day_of_acceptance_leaves_no_trace_in_the_stock() {
    check(
        "H41.16 dossier D1 2021-06-01T08:00 accepted DIRECT f p due=2021-06-01
         H41.16 dossier D1 2021-06-01T09:00 settled APPROVED
         H41.16 dossier D1 2021-06-01T10:00 reopened
         H41.16 dossier D1 2021-06-01T11:00 withdrawn",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, withdrawn +1, reopened +1
        "#]],
    );
}
