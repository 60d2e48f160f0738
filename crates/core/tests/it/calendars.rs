//! Calendars: the 160 legal periods of the seed, rules and names.

use std::collections::BTreeMap;

use tonghop_core::calendar::{Calendar, DayRule, PeriodName, PeriodRule};

use crate::kit::day;

const PERIODS: &str = include_str!("../data/periods.csv");

/// Nghị định 09/2019/NĐ-CP, article 12, and the nine months that some provinces ask for.
fn legal() -> Calendar {
    let quarters = [
        ("Q1", "Y-1:12-15", "Y-03-14", "Y-03-25", Some("Y-03-20")),
        ("Q2", "Y-03-15", "Y-06-14", "Y-06-25", None),
        ("Q3", "Y-06-15", "Y-09-14", "Y-09-25", Some("Y-09-20")),
        ("Q4", "Y-09-15", "Y-12-14", "Y-12-25", None),
        ("H1", "Y-1:12-15", "Y-06-14", "Y-06-25", Some("Y-06-20")),
        ("H2", "Y-06-15", "Y-12-14", "Y-12-25", None),
        ("Y", "Y-1:12-15", "Y-12-14", "Y-12-25", Some("Y-12-20")),
    ];
    let rule = |text: &str| DayRule::parse(text).unwrap_or_else(|| panic!("{text} is no rule"));
    let period =
        |name: &str, from: &str, to: &str, deadline: Option<&str>, reform: Option<&str>| {
            PeriodRule {
                name: name.to_owned(),
                from: rule(from),
                to: rule(to),
                deadline: deadline.map(rule),
                reform_deadline: reform.map(rule),
                basis: String::new(),
            }
        };
    let mut periods: Vec<PeriodRule> = quarters
        .iter()
        .map(|(name, from, to, deadline, reform)| period(name, from, to, Some(deadline), *reform))
        .collect();
    periods.push(period("9M", "Y-1:12-15", "Y-09-14", None, None));
    for month in 1..=12 {
        let from = match month {
            1 => "Y-1:12-15".to_owned(),
            _ => format!("Y-{:02}-15", month - 1),
        };
        periods.push(period(
            &format!("M{month:02}"),
            &from,
            &format!("Y-{month:02}-14"),
            None,
            None,
        ));
    }
    let label = "legal".to_owned();
    Calendar { name: label.clone(), label_vi: label.clone(), label_en: label, periods }
}

#[test]
fn all_legal_periods_of_the_seed_have_their_days_and_deadlines() {
    let calendar = legal();
    let mut rows = 0;
    for row in PERIODS.lines().skip(1) {
        let columns: Vec<&str> = row.split(',').collect();
        let [year, name, from, to, days] = columns[..5] else { panic!("{row}") };
        let period = PeriodName::parse(&format!("{year}-{name}")).unwrap();
        let window = calendar.window(&period).unwrap_or_else(|| panic!("no window for {row}"));
        assert_eq!((window.from, window.to), (day(from), day(to)), "{row}");
        assert_eq!(window.days().to_string(), days, "{row}");
        let rule = calendar.rule(&period.name).unwrap();
        // A basis may have a comma; the deadline stands before the last column, which may too.
        let deadline = rule.deadline.map(|deadline| deadline.day(period.year).unwrap().to_string());
        let expected = columns.iter().skip(8).find(|c| c.len() == 10 && c.starts_with("20"));
        assert_eq!(deadline.as_deref(), expected.copied(), "{row}");
        let reform =
            rule.reform_deadline.map(|d| format!("BNV due {}", d.day(period.year).unwrap()));
        let due_to_ministry = row.split_once("BNV due ").map(|(_, due)| format!("BNV due {due}"));
        assert_eq!(reform, due_to_ministry, "{row}");
        rows += 1;
    }
    assert_eq!(rows, 160);
}

#[test]
fn legal_periods_abut_and_nest() {
    let calendar = legal();
    let window = |text: &str| calendar.window(&PeriodName::parse(text).unwrap()).unwrap();
    for year in 2019..2030 {
        let of = |name: &str| window(&format!("{year}-{name}"));
        for run in [
            vec![
                "M01", "M02", "M03", "M04", "M05", "M06", "M07", "M08", "M09", "M10", "M11", "M12",
            ],
            vec!["Q1", "Q2", "Q3", "Q4"],
            vec!["H1", "H2"],
        ] {
            for pair in run.windows(2) {
                assert_eq!(of(pair[0]).to.next(), of(pair[1]).from, "{year} {pair:?}");
            }
            let days: u32 = run.iter().map(|name| of(name).days()).sum();
            assert_eq!(days, of("Y").days(), "{year} {run:?}");
        }
        assert_eq!(of("Y").to.next(), window(&format!("{}-Y", year + 1)).from);
    }
    assert_eq!(window("2024").days(), 366);
}

#[test]
fn a_rule_is_a_day_of_every_year_or_no_rule() {
    for (text, year, expected) in [
        ("Y-06-15", 2021, "2021-06-15"),
        ("Y-1:12-15", 2021, "2020-12-15"),
        ("Y1:01-14", 2021, "2022-01-14"),
        ("Y0:01-14", 2021, "2021-01-14"),
        ("Y-02-end", 2021, "2021-02-28"),
        ("Y-02-end", 2024, "2024-02-29"),
        ("Y-12-end", 2021, "2021-12-31"),
        ("Y-1:12-end", 2021, "2020-12-31"),
        ("Y-11-end", 2021, "2021-11-30"),
    ] {
        let rule = DayRule::parse(text).unwrap_or_else(|| panic!("{text} is a rule"));
        assert_eq!(rule.day(year), Some(day(expected)), "{text} in {year}");
    }
    for text in [
        "",
        "Y",
        "Y-",
        "06-15",
        "Y06-15",
        "Y-02-29",
        "Y-13-01",
        "Y-00-15",
        "Y-06-31",
        "Y-06-00",
        "Y-00-end",
        "Y-13-end",
        "Y-4294967295-end",
        "Y-06",
        "Y-06-15-1",
        "Y:06-15",
        "Yx:06-15",
        "Y--06-15",
        "Y-06-fin",
        "Y-06- 5",
        "Y-9:06-15",
        "Y2:06-15",
        "Y-2147483648:06-15",
        "Y99999999999:06-15",
        "y-06-15",
    ] {
        assert_eq!(DayRule::parse(text), None, "{text}");
    }
}

#[test]
fn names_of_periods_are_read_and_written() {
    let names = [
        ("2021-Q3", (2021, "Q3")),
        ("2021", (2021, "Y")),
        ("2021-Y", (2021, "Y")),
        ("2020-M07", (2020, "M07")),
        ("2027-9M", (2027, "9M")),
    ];
    for (text, (year, name)) in names {
        let period = PeriodName::parse(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(period, PeriodName { year, name: name.to_owned() }, "{text}");
        assert_eq!(PeriodName::parse(&period.to_string()), Some(period), "{text}");
    }
    for text in [
        "",
        "21-Q3",
        "02021-Q3",
        "2021-",
        "-Q3",
        "2021-q3",
        "2021Q3",
        "2021-Q3-1",
        "2021-M0007",
        "２０２１",
    ] {
        assert_eq!(PeriodName::parse(text), None, "{text}");
    }
}

#[test]
fn a_calendar_answers_for_its_own_periods_alone() {
    let calendar = legal();
    assert_eq!(calendar.window(&PeriodName::parse("2021-M13").unwrap()), None);
    // Years in which some day does not exist have no window, rather than a wrong one.
    assert_eq!(calendar.window(&PeriodName::parse("0001-Q1").unwrap()), None);
    assert_eq!(calendar.window(&PeriodName::parse("9999-Q1").unwrap()), None);
    let by_name: BTreeMap<&str, usize> =
        calendar.periods.iter().enumerate().map(|(n, rule)| (rule.name.as_str(), n)).collect();
    assert_eq!(by_name.len(), calendar.periods.len());
}
