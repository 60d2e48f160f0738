//! The calendar file against the 160 periods of 2020–2027 that the project began with.

use tonghop_core::calendar::PeriodName;
use tonghop_core::day::Day;

const PERIODS: &str = include_str!("../../core/tests/data/periods.csv");

#[test]
fn every_legal_period_has_the_days_of_the_table() {
    let catalogue = tonghop_wire::catalogue().unwrap();
    let legal = catalogue.calendar("legal").unwrap();
    let mut rows = 0;
    for row in PERIODS.lines().skip(1) {
        let mut fields = row.split(',');
        let mut field = || fields.next().unwrap();
        let (year, name, from, to, days) = (field(), field(), field(), field(), field());
        let period = PeriodName::parse(&format!("{year}-{name}")).unwrap();
        let window = legal.window(&period).unwrap_or_else(|| panic!("no {period}"));
        assert_eq!((window.from, window.to), (Day::parse(from).unwrap(), Day::parse(to).unwrap()));
        assert_eq!(window.days().to_string(), days, "{period}");
        let deadline = row.split(',').nth(8).unwrap();
        let rule = legal.rule(name).unwrap();
        let due = rule.deadline.and_then(|rule| rule.day(period.year));
        assert_eq!(due.map_or(String::new(), |day| day.to_string()), deadline, "{period}");
        rows += 1;
    }
    assert_eq!(rows, 160);
}

#[test]
fn calendar_quarters_are_those_of_the_wall_calendar() {
    let catalogue = tonghop_wire::catalogue().unwrap();
    let calendar = catalogue.calendar("calendar").unwrap();
    for (period, from, to) in [
        ("2021-Q1", "2021-01-01", "2021-03-31"),
        ("2021-Q3", "2021-07-01", "2021-09-30"),
        ("2024-M02", "2024-02-01", "2024-02-29"),
        ("2021-H1", "2021-01-01", "2021-06-30"),
        ("2021", "2021-01-01", "2021-12-31"),
    ] {
        let window = calendar.window(&PeriodName::parse(period).unwrap()).unwrap();
        assert_eq!(window.to_string(), format!("{from}..{to}"), "{period}");
    }
}
