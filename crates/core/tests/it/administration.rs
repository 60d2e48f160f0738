//! Golden tables: feedback, portal, tasks, inspections, norms, certificates, accounts,
//! deployments, staff.

use expect_test::{Expect, expect};

use crate::kit::line::{PRELUDE, messages};
use crate::kit::show::{cells, table};
use crate::kit::store::World;

fn check(lines: &str, expected: &Expect) {
    expected.assert_eq(&table(lines));
}

fn check_with_facets(lines: &str, expected: &Expect) {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    expected.assert_eq(&cells(&world.store, true));
}

#[test]
fn feedback_waits_until_it_is_resolved() {
    check(
        "H41.16 feedback F1 2021-06-01 received RULE
         H41.16 feedback F1 2021-06-20 resolved
         H41.16 feedback F2 2021-06-02 received CONDUCT",
        &expect![[r#"
            H41.16 2021-06-01  received_rule +1, open +1
            H41.16 2021-06-02  received_conduct +1, open +1
            H41.16 2021-06-20  resolved +1, open -1
        "#]],
    );
}

#[test]
fn feedback_counts_once_and_not_before_it_came_in() {
    check(
        "H41.16 feedback F1 2021-06-05 received RULE id=a
         H41.16 feedback F1 2021-06-06 received CONDUCT id=b
         H41.16 feedback F1 2021-06-03 resolved id=c
         H41.16 feedback F1 2021-06-07 resolved id=d
         H41.16 feedback F2 2021-06-08 resolved id=e",
        &expect![[r#"
            H41.16 2021-06-03  !feedback.before_received +1
            H41.16 2021-06-05  received_rule +1, resolved +1
            H41.16 2021-06-06  !feedback.received_twice +1
            H41.16 2021-06-07  !feedback.resolved_twice +1
            H41.16 2021-06-08  !feedback.never_received +1
        "#]],
    );
}

#[test]
fn a_removal_takes_an_item_back_on_its_own_day() {
    check(
        "H41.16 portal P1 2021-06-01 posted id=a
         H41.16 portal P1 2021-06-02 posted id=b
         H41.16 portal P1 2021-07-01 removed id=c
         H41.16 portal P1 2021-07-02 removed id=d
         H41.16 portal P1 2021-07-03 posted id=e
         H41.16 portal P2 2021-07-04 removed id=f",
        &expect![[r#"
            H41.16 2021-06-01  posted +1, online +1
            H41.16 2021-06-02  !portal.posted_twice +1
            H41.16 2021-07-01  posted -1, removed +1, online -1
            H41.16 2021-07-02  !portal.not_online +1
            H41.16 2021-07-03  posted +1, online +1
            H41.16 2021-07-04  !portal.not_online +1
        "#]],
    );
}

#[test]
fn tasks_are_done_in_time_or_late_and_overdue_in_between() {
    check_with_facets(
        "H41.16 task T1 2021-01-15 planned 51/KH due=2021-06-30
         H41.16 task T1 2021-06-30 done
         H41.16 task T2 2021-01-15 planned 51/KH due=2021-06-30
         H41.16 task T2 2021-07-02 done
         H41.16 task T3 2021-01-15 planned 51/KH
         H41.16 task T3 2021-07-01 done
         H41.16 task T4 2021-06-01 planned 51/KH ad_hoc due=2021-06-10",
        &expect![[r#"
            H41.16 2021-01-15  planned +3, planned[plan=51/KH] +3
            H41.16 2021-06-01  planned +1, planned[plan=51/KH] +1, ad_hoc +1, ad_hoc[plan=51/KH] +1
            H41.16 2021-06-11  overdue +1, overdue[plan=51/KH] +1, ad_hoc_overdue +1, ad_hoc_overdue[plan=51/KH] +1
            H41.16 2021-06-30  done +1, done[plan=51/KH] +1, done_in_time +1, done_in_time[plan=51/KH] +1
            H41.16 2021-07-01  done +1, done[plan=51/KH] +1, done_no_due +1, done_no_due[plan=51/KH] +1, overdue +1, overdue[plan=51/KH] +1
            H41.16 2021-07-02  done +1, done[plan=51/KH] +1, done_late +1, done_late[plan=51/KH] +1, overdue -1, overdue[plan=51/KH] -1
        "#]],
    );
}

#[test]
fn an_ad_hoc_task_counts_in_both_classes() {
    check(
        "H41.16 task T1 2021-06-01 planned 51/KH ad_hoc due=2021-06-01
         H41.16 task T1 2021-06-02 done
         H41.16 task T2 2021-06-01 planned 51/KH ad_hoc due=2021-06-01
         H41.16 task T2 2021-06-03 done",
        &expect![[r#"
            H41.16 2021-06-01  planned +2, ad_hoc +2
            H41.16 2021-06-02  done +1, ad_hoc_done +1, done_late +1, ad_hoc_done_late +1, overdue +1, ad_hoc_overdue +1
            H41.16 2021-06-03  done +1, ad_hoc_done +1, done_late +1, ad_hoc_done_late +1, overdue -1, ad_hoc_overdue -1
        "#]],
    );
}

#[test]
fn a_task_counts_once_and_not_before_it_was_planned() {
    check(
        "H41.16 task T1 2021-06-05 planned 51/KH due=2021-06-01 id=a
         H41.16 task T1 2021-06-06 planned 52/KH id=b
         H41.16 task T1 2021-06-04 done id=c
         H41.16 task T1 2021-06-07 done id=d
         H41.16 task T2 2021-06-08 done id=e
         H41.16 task T3 2021-06-05 planned 51/KH due=2021-06-01 id=f",
        &expect![[r#"
            H41.16 2021-06-04  !task.before_planned +1
            H41.16 2021-06-05  planned +2, done +1, done_late +1, overdue +1
            H41.16 2021-06-06  !task.planned_twice +1
            H41.16 2021-06-07  !task.done_twice +1
            H41.16 2021-06-08  !task.never_planned +1
        "#]],
    );
}

#[test]
fn inspections_are_summed_and_count_by_their_first_report() {
    check(
        "H41.16 inspection I1 2021-06-24 held days=1 units=2 findings=3 fixed=2
         H41.16 inspection I2 2021-06-24 held days=2 units=1 findings=1 fixed=2
         H41.16 inspection I1 2021-06-25 held days=5",
        &expect![[r#"
            H41.16 2021-06-24  !inspection.fixed_more +1, held +2, days +3, units +3, findings +4, fixed +4
            H41.16 2021-06-25  !inspection.held_twice +1
        "#]],
    );
}

#[test]
fn norms_are_in_force_by_kind() {
    check_with_facets(
        "H41 norm 18/2021/QD-UBND 2021-08-01 effective QD id=a
         H41 norm 18/2021/QD-UBND 2021-08-02 effective CT id=b
         H41 norm 18/2021/QD-UBND 2021-09-01 reviewed id=c
         H41 norm 18/2021/QD-UBND 2021-10-01 repealed id=d
         H41 norm 18/2021/QD-UBND 2021-10-02 repealed id=e
         H41 norm 18/2021/QD-UBND 2021-10-03 reviewed id=f
         H41 norm 1/CT 2021-08-01 effective XX id=g
         H41 norm 2/CT 2021-08-03 reviewed id=h",
        &expect![[r#"
            H41 2021-08-01  !norm.unknown_kind +1, in_force +2, in_force[kind=QD] +1, in_force[kind=XX] +1, effective +2, effective[kind=QD] +1, effective[kind=XX] +1
            H41 2021-08-02  !norm.effective_twice +1
            H41 2021-08-03  !norm.not_in_force +1
            H41 2021-09-01  reviewed +1, reviewed[kind=QD] +1
            H41 2021-10-01  in_force -1, in_force[kind=QD] -1, repealed +1, repealed[kind=QD] +1
            H41 2021-10-02  !norm.not_in_force +1
            H41 2021-10-03  reviewed +1, reviewed[kind=QD] +1
        "#]],
    );
}

#[test]
fn a_certificate_ends_when_it_runs_out_or_is_revoked() {
    check(
        "H41.16 certificate C1 2021-06-01 issued ORGANISATION due=2021-06-30
         H41.16 certificate C2 2021-06-01 issued PERSON due=2021-06-30
         H41.16 certificate C2 2021-06-15 revoked
         H41.16 certificate C3 2021-06-02 issued PERSON due=2021-06-30
         H41.16 certificate C3 2021-07-15 revoked
         H41.16 certificate C4 2021-06-03 issued PERSON",
        &expect![[r#"
            H41.16 2021-06-01  valid +2, valid_organisation +1, valid_person +1, issued +2
            H41.16 2021-06-02  valid +1, valid_person +1, issued +1
            H41.16 2021-06-03  valid +1, valid_person +1, issued +1
            H41.16 2021-06-15  valid -1, valid_person -1, revoked +1
            H41.16 2021-07-01  valid -2, valid_organisation -1, valid_person -1
            H41.16 2021-07-15  revoked +1
        "#]],
    );
}

#[test]
fn a_certificate_that_is_odd_was_never_valid() {
    check(
        "H41.16 certificate C1 2021-06-05 issued ORGANISATION due=2021-06-04 id=a
         H41.16 certificate C2 2021-06-06 issued ORGANISATION id=b
         H41.16 certificate C2 2021-06-03 revoked id=c
         H41.16 certificate C2 2021-06-07 issued PERSON id=d
         H41.16 certificate C2 2021-06-08 revoked id=e
         H41.16 certificate C3 2021-06-09 revoked id=f",
        &expect![[r#"
            H41.16 2021-06-03  !certificate.revoked_before +1
            H41.16 2021-06-05  !certificate.expired_before +1, issued +1
            H41.16 2021-06-06  issued +1, revoked +1
            H41.16 2021-06-07  !certificate.issued_twice +1
            H41.16 2021-06-08  !certificate.revoked_twice +1
            H41.16 2021-06-09  !certificate.not_issued +1
        "#]],
    );
}

#[test]
fn accounts_are_open_by_system() {
    check_with_facets(
        "H41.16 account A1 2021-06-01 opened ioffice id=a
         H41.16 account A1 2021-06-02 opened mail id=b
         H41.16 account A1 2021-06-10 closed id=c
         H41.16 account A1 2021-06-11 closed id=d
         H41.16 account A1 2021-06-12 opened mail id=e",
        &expect![[r#"
            H41.16 2021-06-01  open +1, open[system=ioffice] +1
            H41.16 2021-06-02  !account.opened_twice +1
            H41.16 2021-06-10  open -1, open[system=ioffice] -1
            H41.16 2021-06-11  !account.not_open +1
            H41.16 2021-06-12  open +1, open[system=mail] +1
        "#]],
    );
}

#[test]
fn a_system_is_in_use_under_its_own_code() {
    check_with_facets(
        "H41.16 deployment ioffice 2021-06-01 done id=a
         H41.17 deployment ioffice 2021-06-02 done id=b
         H41.16 deployment ioffice 2021-06-03 done id=c
         H41.16 deployment ioffice 2021-06-10 withdrawn id=d
         H41.16 deployment igate 2021-06-11 withdrawn id=e",
        &expect![[r#"
            H41.16 2021-06-01  done +1, done[system=ioffice] +1
            H41.16 2021-06-03  !deployment.done_twice +1
            H41.16 2021-06-10  done -1, done[system=ioffice] -1
            H41.16 2021-06-11  !deployment.not_done +1
            H41.17 2021-06-02  done +1, done[system=ioffice] +1
        "#]],
    );
}

#[test]
fn staff_1_posts_are_what_the_last_reading_says() {
    check(
        "H41.16 staff posts 2021-01-01 posts quota=29 filled=27
         H41.16 staff posts 2021-06-01T09:00 posts quota=29 filled=30
         H41.16 staff posts 2021-06-01T10:00 posts quota=30 filled=29
         H41.16 staff posts 2021-09-01 posts quota=30 filled=29
         H41.16 staff posts 2021-10-01 posts quota=28",
        &expect![[r#"
            H41.16 2021-01-01  quota +29, filled +27
            H41.16 2021-06-01  !staff.filled_more +1, quota +1, filled +2
            H41.16 2021-10-01  quota -2, filled -29
        "#]],
    );
}

#[test]
fn a_reading_that_comes_late_restates_the_differences_after_it() {
    check(
        "H41.16 staff posts 2021-06-10 posts quota=10 filled=9 id=b
         H41.16 staff posts 2021-06-01 posts quota=12 filled=12 id=a
         H41.16 staff posts 2021-06-05 posts quota=11 filled=8 id=c
         H41.16 staff posts 2021-06-05 retracted id=d replaces=c",
        &expect![[r#"
            H41.16 2021-06-01  quota +12, filled +12
            H41.16 2021-06-10  quota -2, filled -3
        "#]],
    );
}

#[test]
fn movements_by_kind_each_once() {
    check(
        "H41.16 staff M1 2021-06-01 moved RECRUITED id=a
         H41.16 staff M2 2021-06-01 moved APPOINTED id=b
         H41.16 staff M3 2021-06-01 moved ROTATED id=c
         H41.16 staff M4 2021-06-02 moved DISCIPLINED id=d
         H41.16 staff M5 2021-06-02 moved LEFT id=e
         H41.16 staff M5 2021-06-03 moved LEFT id=f",
        &expect![[r#"
            H41.16 2021-06-01  recruited +1, appointed +1, rotated +1
            H41.16 2021-06-02  disciplined +1, left +1
            H41.16 2021-06-03  !staff.moved_twice +1
        "#]],
    );
}
