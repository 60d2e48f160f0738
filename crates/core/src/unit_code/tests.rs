use super::*;

#[test]
fn both_official_forms_are_one_code() {
    for (text, code) in [
        ("H41", "H41"),
        ("H41.16", "H41.16"),
        ("000.00.16.H41", "H41.16"),
        ("000.00.00.H41", "H41"),
        ("001.02.16.H41", "H41.16.02.001"),
        ("G09.12.3", "G09.12.3"),
    ] {
        assert_eq!(UnitCode::parse(text).unwrap().as_str(), code, "{text}");
    }
}

#[test]
fn what_is_no_code_is_refused() {
    let long = "A".repeat(36);
    for bad in ["", ".", "H41.", ".H41", "H41..16", "h41", "H41-16", "H41.é", "H41 ", &long] {
        assert_eq!(UnitCode::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_token_is_the_code_without_dots() {
    let code = UnitCode::parse("H41.16").unwrap();
    assert_eq!(code.token(), "H41-16");
    assert_eq!(UnitCode::parse_token("H41-16"), Some(code));
    assert_eq!(UnitCode::parse_token("H41.16"), None);
    assert_eq!(code.level_1().as_str(), "H41");
}

#[test]
fn codes_are_in_the_order_of_their_texts() {
    let mut codes: Vec<_> =
        ["H41.2", "H41", "H41.16", "H41.1"].iter().filter_map(|c| UnitCode::parse(c)).collect();
    codes.sort();
    let texts: Vec<_> = codes.iter().map(UnitCode::as_str).collect();
    assert_eq!(texts, ["H41", "H41.1", "H41.16", "H41.2"]);
}
