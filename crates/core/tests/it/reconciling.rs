//! Declared against computed: what agrees, what differs and why; and figures that are declared.

use expect_test::expect;
use proptest::prelude::*;
use tonghop_core::catalogue::{Catalogue, Indicator, Label, Nature, Rule};
use tonghop_core::checks::{Check, Operand, Quantity, Relation, Severity, WhenMissing};
use tonghop_core::day::Window;
use tonghop_core::declared::Range;
use tonghop_core::form::{Sources, figure};
use tonghop_core::measure::FacetKind;
use tonghop_core::read::{Query, Tree, Value};
use tonghop_core::reconcile::{Reconciliation, outlier, reconcile};

use crate::kit::forms::{indicator, sum};
use crate::kit::line::{PRELUDE, messages};
use crate::kit::store::World;
use crate::kit::{day, unit};

fn declared(id: &str, nature: Nature) -> Indicator {
    let rule = Rule::Declared { indicator: id.to_owned(), nature };
    Indicator { nature: Nature::Declared, ..indicator(id, rule) }
}

fn catalogue() -> Catalogue {
    let term = |place| Operand { negative: false, optional: false, term: Quantity::Of(place) };
    let check = Check {
        id: "electronic".to_owned(),
        label: Label { vi: "điện tử".to_owned(), en: "electronic of issued".to_owned() },
        left: vec![term(1)],
        relation: Relation::AtMost,
        right: vec![term(0)],
        when_missing: WhenMissing::Skip,
        severity: Severity::Error,
    };
    let indicators = vec![
        indicator("documents.issued", sum("flow:document.issued")),
        indicator("documents.electronic", sum("flow:document.issued_electronic")),
        Indicator {
            nature: Nature::Ratio,
            ..indicator("documents.share", {
                let (Rule::Sum(part), Rule::Sum(whole)) =
                    (sum("flow:document.issued_electronic"), sum("flow:document.issued"))
                else {
                    unreachable!("sums")
                };
                Rule::Ratio { part, whole }
            })
        },
        declared("staff.filled", Nature::Stock),
        declared("portal.posted", Nature::Flow),
    ];
    Catalogue { indicators, forms: Vec::new(), calendars: Vec::new(), checks: vec![check] }
}

/// The check of [`catalogue`], with one more figure on the left.
fn with_a_third(optional: bool) -> Catalogue {
    let mut catalogue = catalogue();
    let place = catalogue.indicators.iter().position(|i| i.id == "portal.posted").unwrap();
    let third = Operand { negative: false, optional, term: Quantity::Of(place) };
    catalogue.checks[0].left.push(third);
    catalogue
}

fn world(lines: &str) -> World {
    let mut world = World::of(&messages(PRELUDE, 1));
    world.fold(&messages(lines, 4));
    assert!(world.refusals.is_empty(), "{:?}", world.refusals);
    world
}

fn quarter() -> Window {
    Window::new(day("2021-06-15"), day("2021-09-14")).unwrap()
}

fn query(root: &str) -> Query {
    Query { root: unit(root), window: quarter(), known: None, tree: Tree::AsWas, read_on: None }
}

fn reconciled(lines: &str, past: &[Window]) -> Reconciliation {
    reconciled_by(&catalogue(), lines, past)
}

fn reconciled_by(catalogue: &Catalogue, lines: &str, past: &[Window]) -> Reconciliation {
    let world = world(lines);
    let (book, facets) = (world.store.book(), world.store.facets());
    let sources = Sources { registry: world.projection.registry(), book: &book, facets: &facets };
    reconcile(catalogue, query("H41"), past, sources)
}

fn value(lines: &str, root: &str, id: &str) -> Value {
    let world = world(lines);
    let (book, facets) = (world.store.book(), world.store.facets());
    let sources = Sources { registry: world.projection.registry(), book: &book, facets: &facets };
    figure(catalogue().indicator(id).unwrap(), query(root), sources)
}

/// Three documents in the quarter, one of them recorded late; one in May.
const DOCUMENTS: &str = "
    H41.16 document 0/KH 2021-05-20 issued KH electronic id=a rec=2021-05-20
    H41.16 document 1/KH 2021-06-20 issued KH electronic id=b rec=2021-06-20
    H41.16 document 2/KH 2021-06-21 issued KH id=c rec=2021-06-21";
const LATE: &str = "
    H41.16 document 3/KH 2021-07-01 issued KH id=z rec=2021-10-01";

#[test]
fn nothing_agrees_with_what_nobody_was_heard_of() {
    let lines = DOCUMENTS.to_owned()
        + "
        H41.17 document 1/KH 2021-09-01 issued KH id=d
        H41.17 figure documents.issued 2021-09-14 declared EXACT from=2021-06-15 to=2021-08-14 value=0 id=x1
        H41.17 figure documents.electronic 2021-09-14 declared NIL from=2021-06-15 to=2021-08-14 id=x2
        H41.17 figure documents.issued 2021-09-14 declared EXACT from=2021-09-02 to=2021-09-14 value=0 id=x3
        H41.16 figure documents.issued 2021-09-14 declared NIL from=2021-08-01 to=2021-09-14 id=x4";
    let found = reconciled(&lines, &[]);
    let told = found.comparisons.iter().map(|told| {
        let (unit, said) = (told.statement.unit, &told.statement.declaration);
        let from = said.from.unwrap();
        (unit.to_string(), from.to_string(), said.indicator.to_string(), told.verdict.word())
    });
    let mut told: Vec<String> =
        told.map(|(unit, from, of, verdict)| format!("{unit} {from} {of} {verdict}")).collect();
    told.sort();
    let wanted = [
        "H41.16 2021-08-01 documents.issued agrees",
        // Nobody was heard of its documents before 1 September.
        "H41.17 2021-06-15 documents.electronic not_reported",
        "H41.17 2021-06-15 documents.issued not_reported",
        "H41.17 2021-09-02 documents.issued agrees",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn an_optional_figure_that_nobody_gave_is_zero() {
    let own = "from=2021-06-15 to=2021-09-14";
    let declared = |id: &str, value: u32, key: &str| {
        format!("\nH41.17 figure {id} 2021-09-06 declared EXACT {own} value={value} id={key}")
    };
    let two = declared("documents.issued", 3, "a") + &declared("documents.electronic", 3, "b");
    let three = two.clone() + &declared("portal.posted", 1, "c");
    let four = declared("documents.issued", 3, "a") + &declared("documents.electronic", 4, "b");
    let broken = |optional, lines: &str| {
        let found = reconciled_by(&with_a_third(optional), lines, &[]);
        found.findings.iter().filter(|finding| finding.check.is_some()).count()
    };
    assert_eq!([broken(false, &two), broken(false, &three), broken(false, &four)], [0, 1, 0]);
    assert_eq!([broken(true, &two), broken(true, &three), broken(true, &four)], [0, 1, 1]);
}

/// Of a rule of one declared figure and computed others: the quarter has three documents, of which
/// two are electronic; July has one.
#[test]
fn a_rule_is_held_against_declared_and_computed_figures_together() {
    let quarter = "from=2021-06-15 to=2021-09-14";
    let july = "from=2021-07-01 to=2021-07-31";
    let events = "
        H41.17 document 1/KH 2021-06-20 issued KH electronic id=x1
        H41.17 document 2/KH 2021-06-21 issued KH electronic id=x2
        H41.17 document 3/KH 2021-07-21 issued KH id=x3";
    let mut table = String::new();
    let mut one = |catalogue: &Catalogue, id: &str, said: &str| {
        let line = format!("{events}\nH41.17 figure {id} 2021-09-06 declared {said} id=d");
        let found = reconciled_by(catalogue, &line, &[]);
        let told = found.findings.iter().filter(|finding| finding.check.is_some());
        let told: Vec<String> =
            told.map(|f| format!("{} {} {}", f.unit, f.kind.word(), f.text.en)).collect();
        let [tried] = &found.rules[..] else { panic!("one rule") };
        let counts = (tried.held, tried.broken, tried.not_applicable);
        table += &format!("{id} {said}: {counts:?} {}\n", told.join("; "));
    };
    for (id, said) in [
        ("documents.electronic", format!("EXACT {quarter} value=3")),
        ("documents.electronic", format!("EXACT {quarter} value=4")),
        ("documents.electronic", format!("AT_LEAST {quarter} value=4")),
        ("documents.electronic", format!("EXACT {july} value=2")),
        ("documents.electronic", format!("EXACT {july} value=1")),
        ("documents.electronic", "EXACT value=3".to_owned()),
        ("documents.electronic", "EXACT value=4".to_owned()),
        ("documents.electronic", "EXACT to=2021-09-14 value=9".to_owned()),
        ("documents.issued", format!("EXACT {quarter} value=1")),
        ("documents.issued", format!("NIL {quarter}")),
        ("portal.posted", format!("EXACT {quarter} value=1")),
    ] {
        one(&catalogue(), id, &said);
    }
    // A third figure that nobody computes.
    let mut zero = with_a_third(false);
    zero.checks[0].when_missing = WhenMissing::Zero;
    for catalogue in [&with_a_third(false), &with_a_third(true), &zero] {
        one(catalogue, "documents.issued", &format!("EXACT {quarter} value=1"));
        one(catalogue, "portal.posted", &format!("EXACT {quarter} value=2"));
    }
    expect![[r#"
        documents.electronic EXACT from=2021-06-15 to=2021-09-14 value=3: (2, 0, 0) 
        documents.electronic EXACT from=2021-06-15 to=2021-09-14 value=4: (1, 1, 0) H41.17 rule electronic of issued: 4 > 3 (documents.issued = 3, documents.electronic = 4)
        documents.electronic AT_LEAST from=2021-06-15 to=2021-09-14 value=4: (1, 1, 0) H41.17 rule electronic of issued: at least 4 > 3 (documents.issued = 3, documents.electronic = at least 4)
        documents.electronic EXACT from=2021-07-01 to=2021-07-31 value=2: (1, 1, 0) H41.17 rule electronic of issued: 2 > 1 (documents.issued = 1, documents.electronic = 2)
        documents.electronic EXACT from=2021-07-01 to=2021-07-31 value=1: (2, 0, 0) 
        documents.electronic EXACT value=3: (1, 0, 1) 
        documents.electronic EXACT value=4: (1, 0, 1) 
        documents.electronic EXACT to=2021-09-14 value=9: (1, 0, 1) 
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=1: (1, 1, 0) H41.17 rule electronic of issued: 2 > 1 (documents.issued = 1, documents.electronic = 2)
        documents.issued NIL from=2021-06-15 to=2021-09-14: (1, 1, 0) H41.17 rule electronic of issued: 2 > 0 (documents.issued = 0, documents.electronic = 2)
        portal.posted EXACT from=2021-06-15 to=2021-09-14 value=1: (1, 0, 0) 
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=1: (0, 0, 2) 
        portal.posted EXACT from=2021-06-15 to=2021-09-14 value=2: (0, 1, 1) H41.17 rule electronic of issued: 4 > 3 (documents.issued = 3, documents.electronic = 2, portal.posted = 2)
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=1: (1, 1, 0) H41.17 rule electronic of issued: 2 > 1 (documents.issued = 1, documents.electronic = 2)
        portal.posted EXACT from=2021-06-15 to=2021-09-14 value=2: (1, 1, 0) H41.17 rule electronic of issued: 4 > 3 (documents.issued = 3, documents.electronic = 2, portal.posted = 2)
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=1: (1, 1, 0) H41.17 rule electronic of issued: 2 > 1 (documents.issued = 1, documents.electronic = 2)
        portal.posted EXACT from=2021-06-15 to=2021-09-14 value=2: (1, 1, 0) H41.17 rule electronic of issued: 4 > 3 (documents.issued = 3, documents.electronic = 2, portal.posted = 2)
    "#]].assert_eq(&table);
}

#[test]
fn a_stock_stands_with_the_window_that_its_day_ends() {
    let quarter = "from=2021-06-15 to=2021-09-14";
    let mut catalogue = catalogue();
    let stock = catalogue.indicators.iter().position(|i| i.id == "staff.filled").unwrap();
    catalogue.checks[0].left[0].term = Quantity::Of(stock);
    for (when, broken) in [
        (quarter, 1),
        ("to=2021-09-14", 1),
        ("asOf=2021-09-14", 1),
        ("asOf=2021-09-13", 0),
        ("to=2021-09-13", 0),
        ("", 0),
    ] {
        let lines = format!(
            "H41.17 figure documents.issued 2021-09-06 declared EXACT {quarter} value=3 id=a
             H41.17 figure staff.filled 2021-09-06 declared EXACT {when} value=4 id=b"
        );
        let found = reconciled_by(&catalogue, &lines, &[]);
        assert_eq!(found.rules[0].broken, broken, "{when}");
    }
}

#[test]
fn what_is_computed_alone_is_held_with_one_meaning_of_what_is_missing() {
    let events = "
        H41.17 document 1/KH 2021-06-20 issued KH electronic id=x1";
    // The other way round, so that it is broken: one was issued, but none is at most one.
    let mut catalogue = with_a_third(false);
    catalogue.checks[0].relation = Relation::AtLeast;
    catalogue.checks[0].right.push(Operand {
        negative: false,
        optional: false,
        term: Quantity::Number(1),
    });
    let tried = |when_missing| {
        let mut catalogue = catalogue.clone();
        catalogue.checks[0].when_missing = when_missing;
        let found = reconciled_by(&catalogue, events, &[]);
        let kinds: Vec<&str> = found.findings.iter().map(|finding| finding.kind.word()).collect();
        let tried = &found.rules[0];
        (tried.held, tried.broken, tried.not_applicable, kinds.join(" "))
    };
    assert_eq!(tried(WhenMissing::Skip), (0, 0, 1, String::new()));
    assert_eq!(tried(WhenMissing::Zero), (0, 1, 0, "rule_computed".to_owned()));
}

#[test]
fn why_a_declared_figure_differs_is_told() {
    let own = "from=2021-06-15 to=2021-09-14";
    let mut table = String::new();
    for (id, said) in [
        ("documents.issued", format!("EXACT {own} value=3")),
        ("documents.issued", format!("EXACT {own} value=2")),
        ("documents.issued", format!("EXACT {own} value=1")),
        ("documents.issued", format!("EXACT {own} value=9")),
        ("documents.issued", format!("EXACT {own} value=0")),
        ("documents.issued", format!("AT_LEAST {own} value=2")),
        ("documents.issued", format!("APPROXIMATE {own} value=30")),
        ("documents.issued", format!("NIL {own}")),
        ("documents.issued", "EXACT from=2021-05-01 to=2021-09-14 value=4".to_owned()),
        ("documents.issued", "EXACT from=2021-05-01 to=2021-09-14 value=3".to_owned()),
        ("documents.issued", "EXACT to=2021-09-14 value=3".to_owned()),
        ("documents.issued", "EXACT value=3".to_owned()),
        ("documents.share", format!("EXACT {own} value=33 of=100")),
        ("documents.share", format!("EXACT {own} value=34 of=100")),
        ("documents.share", format!("EXACT {own} value=1 of=3")),
    ] {
        let lines = format!(
            "{DOCUMENTS}\nH41 figure {id} 2021-09-06 declared {said} id=d rec=2021-09-14{LATE}"
        );
        let found = reconciled(&lines, &[]);
        let c = &found.comparisons[0];
        table += &format!(
            "{id} {said}: {} {:?} {} {}\n",
            c.verdict.word(),
            c.difference,
            c.cause.map_or("-", |cause| cause.word()),
            c.other.as_deref().unwrap_or("-"),
        );
    }
    expect![[r#"
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=3: agrees Some(0) - -
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=2: differs Some(-1) reported_late -
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=1: differs Some(-2) definition documents.electronic
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=9: differs Some(6) units_missing -
        documents.issued EXACT from=2021-06-15 to=2021-09-14 value=0: differs Some(-3) unexplained -
        documents.issued AT_LEAST from=2021-06-15 to=2021-09-14 value=2: agrees None - -
        documents.issued APPROXIMATE from=2021-06-15 to=2021-09-14 value=30: differs None unexplained -
        documents.issued NIL from=2021-06-15 to=2021-09-14: differs Some(-3) unexplained -
        documents.issued EXACT from=2021-05-01 to=2021-09-14 value=4: agrees Some(0) - -
        documents.issued EXACT from=2021-05-01 to=2021-09-14 value=3: differs Some(-1) reported_late -
        documents.issued EXACT to=2021-09-14 value=3: not_comparable None - -
        documents.issued EXACT value=3: agrees Some(0) - -
        documents.share EXACT from=2021-06-15 to=2021-09-14 value=33 of=100: agrees None - -
        documents.share EXACT from=2021-06-15 to=2021-09-14 value=34 of=100: differs None unexplained -
        documents.share EXACT from=2021-06-15 to=2021-09-14 value=1 of=3: agrees None - -
    "#]].assert_eq(&table);
}

#[test]
fn what_was_never_reported_is_no_difference() {
    let lines = "H41.17 figure documents.issued 2021-09-06 declared EXACT value=3";
    let found = reconciled(&format!("{DOCUMENTS}\n{lines}"), &[]);
    assert_eq!(found.comparisons[0].verdict.word(), "not_reported");
    assert_eq!(found.comparisons[0].computed, None);
}

fn told(lines: &str, past: &[Window]) -> String {
    let found = reconciled(lines, past);
    let lines = found.findings.iter().map(|f| format!("{} {}", f.kind.word(), f.text.en));
    lines.map(|line| line + "\n").collect()
}

#[test]
fn declarations_are_held_against_one_another() {
    let own = "from=2021-06-15 to=2021-09-14";
    expect![[r#"
        part_over_unit portal.posted: H41.16 declares 6, more than the 5 of H41, which it is part of
        part_over_whole staff.filled: the part is larger than the whole: 8/7
        nested portal.posted: 7 from 2021-07-01 to 2021-07-31 is more than 6 from 2021-06-15 to 2021-09-14, though its window is inside
        rule electronic of issued: at least 4 > at most 3 (documents.issued = at most 3, documents.electronic = at least 4)
        window the window 2021-07-01 to 2021-07-31 is not the period 2021-06-15 to 2021-09-14: portal.posted
        stock_in_window staff.filled: 6 is a stock, declared for the window 2021-06-15 to 2021-09-14; declare it as of a day
        indicator_unknown staff.fileld: is not in the catalogue of indicators
        bound documents.electronic: at least 4 is a bound, not a number
        bound documents.issued: at most 3 is a bound, not a number
    "#]].assert_eq(&told(
        &format!(
            "H41 figure portal.posted 2021-09-06 declared EXACT {own} value=5 id=a
             H41.16 figure portal.posted 2021-09-06 declared EXACT {own} value=6 id=b
             H41.16 figure portal.posted 2021-09-06 declared EXACT from=2021-07-01 to=2021-07-31 value=7 id=c
             H41.16 figure staff.filled 2021-09-06 declared EXACT asOf=2021-09-01 value=8 of=7 id=d
             H41.16 figure staff.filled 2021-09-06 declared EXACT {own} value=6 note=trên id=e
             H41.17 figure staff.fileld 2021-09-06 declared EXACT value=6 id=f
             H41.17 figure documents.issued 2021-09-06 declared AT_MOST {own} value=3 id=g
             H41.17 figure documents.electronic 2021-09-06 declared AT_LEAST {own} value=4 id=h
             H41.17 figure portal.posted 2021-01-06 declared EXACT value=6 id=i",
        ),
        &[],
    ));
}

#[test]
fn a_declared_figure_is_that_of_the_unit_or_of_those_below_it() {
    let own = "from=2021-06-15 to=2021-09-14";
    let lines = format!(
        "H41.16 figure portal.posted 2021-09-06 declared EXACT {own} value=60 id=a
         H41.17 figure portal.posted 2021-09-06 declared AT_LEAST {own} value=4 id=b
         H41.16 figure staff.filled 2021-09-06 declared EXACT asOf=2021-09-14 value=29 of=29 id=c
         H41.17 figure staff.filled 2021-09-06 declared NIL asOf=2021-09-14 id=d
         H41.16 figure staff.filled 2021-06-01 declared EXACT asOf=2021-06-01 value=7 of=29 id=e"
    );
    let at_least = |low| Value::Bound(Range { low, high: None, rough: false });
    assert_eq!(value(&lines, "H41", "portal.posted"), at_least(64));
    assert_eq!(value(&lines, "H41.16", "portal.posted"), Value::Count(60));
    let of_all = value(&lines, "H41", "staff.filled");
    assert_eq!(of_all, value(&lines, "H41.16", "staff.filled"));
    assert_eq!(value(&lines, "H41.17", "staff.filled"), Value::Nil);
    assert_eq!(value("", "H41", "portal.posted"), Value::Missing);
    // What the province says itself is not added to what is below it.
    let own =
        format!("{lines}\nH41 figure portal.posted 2021-09-06 declared EXACT {own} value=70 id=z");
    assert_eq!(value(&own, "H41", "portal.posted"), Value::Count(70));
    // Two that contradict one another: all that they can mean.
    let two = format!(
        "{lines}\nH41.16 figure portal.posted 2021-09-06 declared EXACT from=2021-06-15 to=2021-09-14 value=50 id=y"
    );
    let both = Value::Bound(Range { low: 50, high: Some(60), rough: false });
    assert_eq!(value(&two, "H41.16", "portal.posted"), both);
}

#[test]
fn a_wild_quarter_is_told_and_an_ordinary_one_is_not() {
    assert_eq!(outlier(&[10, 11, 9, 10], 500), None);
    assert_eq!(outlier(&[10, 11, 9, 10, 400], 12), None);
    assert!(outlier(&[10, 11, 9, 10, 400], 60).is_some());
    assert!(outlier(&[100; 8], 110).is_none() && outlier(&[100; 8], 111).is_some());
    let mut lines = String::new();
    for (place, month) in ["01", "02", "03", "04", "05"].iter().enumerate() {
        lines += &format!("H41.16 document {place}/KH 2021-{month}-20 issued KH id=p{place}\n");
    }
    for place in 0..20 {
        lines += &format!("H41.16 document q{place}/KH 2021-07-20 issued KH id=q{place}\n");
    }
    let month = |m: u8| {
        Window::new(day(&format!("2021-{m:02}-01")), day(&format!("2021-{m:02}-28"))).unwrap()
    };
    let past: Vec<Window> = (1..=5).map(month).collect();
    expect![[r#"
        outlier documents.issued: 20 is far from the median 1 of 5 past periods (deviation 0)
    "#]]
    .assert_eq(&told(&lines, &past));
    assert_eq!(told(&lines, &past[..3]), "");
}

proptest! {
    /// REC-2: exact numbers that keep a rule are in no finding of it, whatever bounds stand for them.
    #[test]
    fn rec_2_what_can_hold_is_silent(part in 0..5_u32, more in 0..5_u32, low in 0..5_u32) {
        let whole = part + more;
        let bound = part.saturating_sub(low);
        let own = "from=2021-06-15 to=2021-09-14";
        for (qualifier, value) in [("EXACT", part), ("AT_LEAST", bound), ("APPROXIMATE", bound)] {
            let lines = format!(
                "H41.17 figure documents.issued 2021-09-06 declared EXACT {own} value={whole} id=a
                 H41.17 figure documents.electronic 2021-09-06 declared {qualifier} {own} value={value} id=b"
            );
            let found = reconciled(&lines, &[]);
            prop_assert!(found.findings.iter().all(|finding| finding.check.is_none()));
        }
    }
}

#[test]
fn declarations_alone_are_read() {
    assert!(Value::Missing.is_zero() && !Value::Nil.is_zero());
    assert_eq!(FacetKind::parse("declared"), Some(FacetKind::Declared));
}
