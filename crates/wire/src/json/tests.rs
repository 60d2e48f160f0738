use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// The value as `serde_json` has it, read by our scanner.
fn read(text: &str) -> Result<Value, Malformed> {
    let mut scanner = Scanner::new(text);
    let value = if scanner.peek() == Some(b'{') {
        let mut members = serde_json::Map::new();
        let mut goes_on = scanner.object()?;
        while goes_on {
            let name = scanner.name()?.into_owned();
            members.insert(name, plain(&scanner.value()?));
            goes_on = scanner.more()?;
        }
        Value::Object(members)
    } else {
        plain(&scanner.value()?)
    };
    scanner.end()?;
    Ok(value)
}

fn plain(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Flag(flag) => Value::Bool(*flag),
        Scalar::Text(text) => Value::String(text.to_string()),
        Scalar::Number(text) | Scalar::Nested(text) => serde_json::from_str(text).unwrap(),
    }
}

fn agrees(text: &str) {
    assert_eq!(read(text).ok(), serde_json::from_str::<Value>(text).ok(), "{text:?}");
}

#[test]
fn what_is_json_and_what_is_not() {
    for text in [
        "",
        " ",
        "{}",
        " { } ",
        "{,}",
        "{\"a\":1,}",
        "{\"a\" : 1 , \"b\" : [ 1 , {} , [] ] }",
        "{\"a\":1}{",
        "{\"a\"1}",
        "{a:1}",
        "[1 2]",
        "[1,]",
        "[}",
        "{\"a\":}",
        "01",
        "-",
        "-0",
        "1.",
        "1.5",
        ".5",
        "1e5",
        "1E+5",
        "1e",
        "+1",
        "true",
        "tru",
        "truex",
        "nul",
        "\"a\\u0041\\ud83d\\ude00\\n\\/\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\u0041\"",
        "\"\\u00g0\"",
        "\"\\u+123\"",
        "\"\\x\"",
        "\"\\",
        "\"a",
        "\"a\tb\"",
        "\"a\u{7f}b\"",
        "\"12345678\\\"9\"",
        "\"Sở Thông tin và Truyền thông\"",
        "\u{feff}{}",
    ] {
        agrees(text);
    }
}

#[test]
fn deep_nesting_is_malformed() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(32)).is_ok());
    assert_eq!(read(&nested(33)), Err(Malformed));
    assert_eq!(read(&"[".repeat(250_000)), Err(Malformed));
    assert_eq!(read(&"{\"a\":".repeat(50_000)), Err(Malformed));
}

proptest! {
    #[test]
    fn agrees_with_serde_json(
        parts in proptest::collection::vec(
            proptest::sample::select(&[
                "{", "}", "[", "]", ":", ",", "\"a\"", "\"b\"", "\"", "\\", "u", "d83d", "\\ude00",
                "1", "-2.5", "e3", "0", "true", "null", " ", "\n", "ở", "\u{1}",
            ][..]),
            0..12,
        ),
    ) {
        agrees(&parts.concat());
    }

    #[test]
    fn texts_come_back(text in ".{0,40}") {
        agrees(&serde_json::to_string(&text).unwrap());
    }
}
