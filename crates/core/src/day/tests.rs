use super::*;

#[test]
fn the_local_day_begins_at_17_utc() {
    let before = Instant::parse("2021-09-14T16:59:59.999Z").unwrap();
    let after = Instant::parse("2021-09-14T17:00:00Z").unwrap();
    assert_eq!(before.day(), Day::from_ymd(2021, 9, 14));
    assert_eq!(after.day(), Day::from_ymd(2021, 9, 15));
    assert_eq!(after.to_string(), "2021-09-15T00:00:00+07:00");
}

#[test]
fn what_is_read_can_be_written_and_read_again() {
    for text in ["0000-01-01T00:00:00Z", "9999-12-31T16:59:59Z", "2016-12-31T23:59:60Z"] {
        let at = Instant::parse(text).unwrap();
        assert_eq!(Instant::parse(&at.to_string()), Some(at), "{text}");
    }
    for beyond in ["9999-12-31T17:00:00Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59"]
    {
        assert_eq!(Instant::parse(beyond), None, "{beyond}");
    }
}

#[test]
fn only_whole_real_days_are_read() {
    for bad in [
        "2021-02-29",
        "2021-9-01",
        "20210901",
        "2021-09-31",
        "1969-12-31",
        "2200-01-01",
        "",
        "2021- 9-01",
        "2021-09- 1",
        "+021-09-01",
        "+2021-9-1",
    ] {
        assert_eq!(Day::parse(bad), None, "{bad}");
    }
    let leap = Day::parse("2024-02-29").unwrap();
    assert_eq!(leap.to_string(), "2024-02-29");
    assert_eq!(leap.next().to_string(), "2024-03-01");
    assert_eq!(Day::MAX.to_string(), "2149-06-06");
}

#[test]
fn months_count_from_1970() {
    assert_eq!(Day::MIN.month_number(), 0);
    assert_eq!(Day::from_ymd(1971, 2, 28).unwrap().month_number(), 13);
}
