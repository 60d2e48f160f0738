use super::*;

#[test]
fn query_strings_are_decoded() {
    let check = |text: &str, expected: Option<&str>| assert_eq!(decode(text).as_deref(), expected);
    check("a+b%20c", Some("a b c"));
    check("%C4%91%e1%ba%a5t", Some("đất"));
    check("ố", Some("ố"));
    check("", Some(""));
    check("%", None);
    check("%4", None);
    check("%zz", None);
    check("%+1", None);
    check("%ff", None);
    check("%C4", None);
}

#[test]
fn parameters_are_known_and_given_once() {
    let parse = |query: &str| Parameters::parse(query, &["unit", "lang"]);
    let held = parse("&unit=H41&&lang=&").unwrap();
    assert_eq!((held.get("unit"), held.get("lang")), (Some("H41"), None));
    assert_eq!(parse("u%6Eit=H41.16").unwrap().get("unit"), Some("H41.16"));
    for bad in ["unit=H41&unit=H41", "unit=H41&u%6Eit=H42", "UNIT=H41", "=x", "unit=%", "💥", "a"]
    {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn days_have_exactly_one_spelling() {
    assert_eq!(day("on", "2021-06-15").unwrap().to_string(), "2021-06-15");
    for bad in [
        "",
        "2021-6-15",
        "+2021-6-15",
        " 2021-6-15",
        "2021-02-29",
        "1969-12-31",
        "2149-06-07",
        "9999-12-31",
        "2021-06-15T00:00",
        "２０２１-06-15",
        "20210615",
    ] {
        assert!(day("on", bad).is_err(), "{bad}");
    }
}

#[test]
fn known_at_is_a_day_or_a_position() {
    let read = |text: &str| {
        Parameters::parse(&format!("knownAt={text}"), &["knownAt"]).unwrap().known_at()
    };
    assert_eq!(read("").unwrap(), KnownAt::Now);
    assert_eq!(read("0").unwrap(), KnownAt::Position(0));
    assert_eq!(read("18446744073709551615").unwrap(), KnownAt::Position(u64::MAX));
    assert!(matches!(read("2021-09-14").unwrap(), KnownAt::Day(_)));
    for bad in ["18446744073709551616", "-1", "1e3", "0x10", "now", "٣"] {
        assert!(read(bad).is_err(), "{bad}");
    }
    assert_eq!(known_day(KnownAt::Position(7), 7).unwrap(), None);
    assert!(matches!(known_day(KnownAt::Position(6), 7), Err(AskError::KnownAtPosition(6))));
    assert!(matches!(known_day(KnownAt::Position(8), 7), Err(AskError::Problem(_))));
}

#[test]
fn the_province_is_the_default() {
    let registry = Registry::default();
    assert!(root(None, &registry).is_err());
    assert!(root(UnitCode::parse("H41"), &registry).is_err());
}

#[test]
fn unit_codes_may_be_typed_in_lower_case() {
    let unit = |text: &str| Parameters::parse(text, &["unit"]).unwrap().unit().ok().flatten();
    let code = UnitCode::parse("H41.16");
    for text in ["unit=H41.16", "unit=h41.16", "unit=000.00.16.h41"] {
        assert_eq!(unit(text), code, "{text}");
    }
    assert_eq!(unit("unit=ħ41"), None);
}
