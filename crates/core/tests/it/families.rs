//! Golden tables: documents, meetings, sites, the post, procedures, units.

use expect_test::{Expect, expect};

use crate::kit::line::{PRELUDE, messages};
use crate::kit::show::{cells, table};
use crate::kit::store::World;

pub(crate) fn check(lines: &str, expected: &Expect) {
    expected.assert_eq(&table(lines));
}

fn check_with_facets(lines: &str, expected: &Expect) {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    expected.assert_eq(&cells(&world.store, true));
}

#[test]
fn a_document_counts_once_in_every_class_that_it_is_in() {
    check_with_facets(
        "H41.16 document 1/KH 2021-06-01 issued KH electronic personal organisation
         H41.16 document 2/QD 2021-06-01 issued QD electronic personal
         H41.16 document 3/QD 2021-06-02 issued QD normative
         H41.17 document H41.16,2021-06-01,1/KH 2021-06-02 received electronic",
        &expect![[r#"
            H41.16 2021-06-01  issued +2, issued[kind=KH] +1, issued[kind=QD] +1, issued_electronic +2, issued_organisation_signed +1, issued_person_signed +2
            H41.16 2021-06-02  issued +1, issued[kind=QD] +1, issued_normative +1
            H41.17 2021-06-02  received +1, received_electronic +1
        "#]],
    );
}

#[test]
fn one_number_in_two_years_is_two_documents() {
    check(
        "H41.16 document 1/KH 2020-12-31 issued KH id=a
         H41.16 document 1/KH 2021-01-01 issued KH electronic id=b
         H41.16 document 1/KH 2021-12-31 issued KH electronic id=c",
        &expect![[r#"
            H41.16 2020-12-31  issued +1
            H41.16 2021-01-01  issued +1, issued_electronic +1
            H41.16 2021-12-31  !document.issued_twice +1
        "#]],
    );
}

#[test]
fn a_recall_takes_the_document_back_on_its_own_day() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH electronic organisation
         H41.16 document 1/KH 2021-07-01 recalled",
        &expect![[r#"
            H41.16 2021-06-01  issued +1, issued_electronic +1, issued_organisation_signed +1
            H41.16 2021-07-01  issued -1, issued_electronic -1, issued_organisation_signed -1, recalled +1
        "#]],
    );
}

#[test]
fn recalled_twice_or_never_issued_is_odd() {
    check(
        "H41.16 document 1/KH 2021-06-01 issued KH id=a
         H41.16 document 1/KH 2021-07-01 recalled id=b
         H41.16 document 1/KH 2021-07-02 recalled id=c
         H41.16 document 2/KH 2021-07-03 recalled id=d",
        &expect![[r#"
            H41.16 2021-06-01  issued +1
            H41.16 2021-07-01  issued -1, recalled +1
            H41.16 2021-07-02  !document.not_issued +1
            H41.16 2021-07-03  !document.not_issued +1
        "#]],
    );
}

#[test]
fn the_newer_of_two_years_is_recalled_and_its_number_may_be_given_again() {
    check(
        "H41.16 document 1/KH 2020-06-01 issued KH id=a
         H41.16 document 1/KH 2021-06-01 issued QD electronic id=b
         H41.16 document 1/KH 2021-07-01 recalled id=c
         H41.16 document 1/KH 2021-08-01 issued KH id=d",
        &expect![[r#"
            H41.16 2020-06-01  issued +1
            H41.16 2021-06-01  issued +1, issued_electronic +1
            H41.16 2021-07-01  issued -1, issued_electronic -1, recalled +1
            H41.16 2021-08-01  issued +1
        "#]],
    );
}

#[test]
fn a_document_of_last_year_is_recalled_before_the_number_is_used_again() {
    check(
        "H41.16 document 1/KH 2020-06-01 issued KH id=a
         H41.16 document 1/KH 2021-02-01 recalled id=c
         H41.16 document 1/KH 2021-06-01 issued KH id=b",
        &expect![[r#"
            H41.16 2020-06-01  issued +1
            H41.16 2021-02-01  issued -1, recalled +1
            H41.16 2021-06-01  issued +1
        "#]],
    );
}

#[test]
fn received_twice_and_kinds_that_are_in_no_list_are_odd() {
    check(
        "H41.16 document X,2021-05-30,1 2021-06-01 received id=a
         H41.16 document X,2021-05-30,1 2021-06-02 received electronic id=b
         H41.16 document 1/XX 2021-06-03 issued XX id=c",
        &expect![[r#"
            H41.16 2021-06-01  received +1
            H41.16 2021-06-02  !document.received_twice +1
            H41.16 2021-06-03  !document.unknown_kind +1, issued +1
        "#]],
    );
}

#[test]
fn meetings_by_who_met_whom_and_how() {
    check(
        "H41 meeting M1 2021-06-01 served PROVINCE_DISTRICT online sites=22 minutes=90
         H41 meeting M2 2021-06-01 served MINISTRY_PROVINCE online sites=1 minutes=30
         H41 meeting M3 2021-06-02 served PROVINCE_COMMUNE online sites=481 minutes=60
         H41 meeting M4 2021-06-02 served INTERNAL online
         H41 meeting M5 2021-06-03 served PROVINCE_DISTRICT sites=1 minutes=120",
        &expect![[r#"
            H41 2021-06-01  online_ministry_province +1, online_province_district +1, sites_joined +23, minutes +120
            H41 2021-06-02  online_province_commune +1, online_internal +1, sites_joined +481, minutes +60
            H41 2021-06-03  in_person +1, sites_joined +1, minutes +120
        "#]],
    );
}

#[test]
fn a_meeting_reported_twice_counts_by_its_first_report() {
    check(
        "H41 meeting M1 2021-06-02 served INTERNAL online sites=3 minutes=10
         H41 meeting M1 2021-06-01 served INTERNAL online sites=2 minutes=90",
        &expect![[r#"
            H41 2021-06-01  online_internal +1, sites_joined +2, minutes +90
            H41 2021-06-02  !meeting.served_twice +1
        "#]],
    );
}

#[test]
fn a_site_is_in_use_between_opening_and_closing() {
    check(
        "H41.16 site S1 2021-06-01 opened name=A id=a
         H41.16 site S1 2021-06-02 opened name=B id=b
         H41.16 site S1 2021-06-10 closed id=c
         H41.16 site S1 2021-06-11 closed id=d
         H41.16 site S1 2021-06-20 opened name=A id=e
         H41.16 site S2 2021-06-05 closed id=f",
        &expect![[r#"
            H41.16 2021-06-01  open +1
            H41.16 2021-06-02  !site.opened_twice +1
            H41.16 2021-06-05  !site.not_open +1
            H41.16 2021-06-10  open -1
            H41.16 2021-06-11  !site.not_open +1
            H41.16 2021-06-20  open +1
        "#]],
    );
}

#[test]
fn the_post_takes_in_and_delivers() {
    check_with_facets(
        "H41.16 post D1 2021-06-01 accepted 1.001
         H41.16 post D1 2021-06-20 delivered 1.001
         H41.16 post D2 2021-06-02 accepted 1.002 outside
         H41.16 post D3 2021-06-03 delivered 1.001 outside",
        &expect![[r#"
            H41.16 2021-06-01  accepted +1, accepted[procedure=1.001] +1
            H41.16 2021-06-02  accepted +1, accepted[procedure=1.002] +1, accepted_outside +1
            H41.16 2021-06-03  delivered +1, delivered[procedure=1.001] +1, delivered_outside +1
            H41.16 2021-06-20  delivered +1, delivered[procedure=1.001] +1, delivered_and_accepted +1
        "#]],
    );
}

#[test]
fn the_post_takes_in_once_and_delivers_once() {
    check(
        "H41.16 post D1 2021-06-01 accepted 1.001
         H41.16 post D1 2021-06-02 accepted 1.001 outside
         H41.16 post D1 2021-06-20 delivered 1.001
         H41.16 post D1 2021-06-21 delivered 1.001",
        &expect![[r#"
            H41.16 2021-06-01  accepted +1
            H41.16 2021-06-02  !post.accepted_twice +1
            H41.16 2021-06-20  delivered +1, delivered_and_accepted +1
            H41.16 2021-06-21  !post.delivered_twice +1
        "#]],
    );
}

#[test]
fn delivered_before_it_was_taken_in_is_both_on_the_day_of_delivery() {
    check(
        "H41.16 post D1 2021-06-20 accepted 1.001
         H41.16 post D1 2021-06-01 delivered 1.001",
        &expect![[r#"
            H41.16 2021-06-01  delivered +1, delivered_and_accepted +1
            H41.16 2021-06-20  accepted +1
        "#]],
    );
}

#[test]
fn a_procedure_moves_between_levels() {
    check(
        "H41.16 procedure 1.001 2021-01-01 published level=LEVEL_3 home=PROVINCE one_stop=yes interlinked=NONE by_post=no
         H41.16 procedure 1.001 2021-06-01 changed level=LEVEL_4 interlinked=SAME_LEVEL
         H41.16 procedure 1.001 2021-07-01 changed one_stop=no by_post=yes home=DISTRICT
         H41.16 procedure 1.001 2022-06-24 changed level=FULL home=COMMUNE interlinked=CROSS_LEVEL
         H41.16 procedure 1.001 2022-07-01 changed name=same
         H41.16 procedure 1.001 2022-12-01 withdrawn",
        &expect![[r#"
            H41.16 2021-01-01  published +1, level_3 +1, one_stop +1, home_province +1
            H41.16 2021-06-01  level_3 -1, level_4 +1, interlinked +1
            H41.16 2021-07-01  one_stop -1, by_post +1, home_province -1, home_district +1
            H41.16 2022-06-24  level_4 -1, full +1, home_district -1, home_commune +1
            H41.16 2022-12-01  published -1, full -1, interlinked -1, by_post -1, home_commune -1
        "#]],
    );
}

#[test]
fn a_procedure_out_of_force_is_not_changed() {
    check(
        "H41.16 procedure 1.001 2021-01-01 changed level=LEVEL_3 id=a
         H41.16 procedure 1.001 2021-01-02 withdrawn id=b
         H41.16 procedure 1.001 2021-02-01 published level=LEVEL_2 by_post=yes id=c
         H41.16 procedure 1.001 2021-03-01 published level=LEVEL_1 id=d
         H41.16 procedure 1.001 2021-04-01 withdrawn id=e
         H41.16 procedure 1.001 2021-05-01 published level=PARTIAL id=f",
        &expect![[r#"
            H41.16 2021-01-01  !procedure.not_published +1
            H41.16 2021-01-02  !procedure.not_published +1
            H41.16 2021-02-01  published +1, level_2 +1, by_post +1
            H41.16 2021-03-01  !procedure.published_twice +1, level_1 +1, level_2 -1
            H41.16 2021-04-01  published -1, level_1 -1, by_post -1
            H41.16 2021-05-01  published +1, partial +1
        "#]],
    );
}

#[test]
fn a_unit_that_is_not_there_cannot_change_and_counts_nothing_else() {
    check(
        "H41 unit H41.20 2021-01-01 renamed name=x id=a
         H41 unit H41.16 2021-01-01 registered DISTRICT parent=H41 id=b
         H41 unit H41.17 2021-01-01 closed id=c
         H41 unit H41.17 2021-01-02 closed id=d
         H41 unit H41.17 2021-01-03 registered DEPARTMENT parent=H41 name=y id=e",
        &expect![[r#"
            H41 2021-01-01  !unit.not_registered +1, !unit.registered_twice +1
            H41 2021-01-02  !unit.ended_twice +1
        "#]],
    );
}

#[test]
fn what_opens_comes_before_what_closes_at_one_instant() {
    check(
        "H41.16 site S1 2021-06-01 closed
         H41.16 site S1 2021-06-01 opened
         H41.16 dossier D1 2021-06-01 settled APPROVED
         H41.16 dossier D1 2021-06-01 reopened
         H41.16 dossier D1 2021-06-01 accepted DIRECT f p",
        &expect![[r#"
            H41.16 2021-06-01  received_direct +1, pending +1, reopened +1
        "#]],
    );
}
