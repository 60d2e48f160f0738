//! Messages that get longer in every way in which one can: the time grows no faster than they do.

use tonghop_tests::fuzz::grows_linearly;
use tonghop_wire::{Decoder, Raw, RefusedMessage};

const SUBJECT: &str = "tonghop.v1.H41-16.dossier.accepted";
const GOOD: &str = r#""specversion":"1.0","id":"i","source":"/H41.16/x","type":"vn.tonghop.dossier.accepted.v1","subject":"d","time":"2021-09-06T08:30:00+07:00","unit":"H41.16""#;

type Headers = Vec<(String, String)>;

fn decode(headers: &[(String, String)], payload: &[u8]) {
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    drop(Decoder::new().decode(&Raw { subject: SUBJECT, headers: &headers, payload }));
}

#[test]
fn structured_events_are_read_in_linear_time() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| -> String {
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    let data = |inner: String| format!("{{{GOOD},\"data\":{{{inner}}}}}");
    let ways: [(&str, &dyn Fn(usize) -> String); 10] = [
        ("other names", &|n| format!("{{{GOOD},{}}}", many(n / 8, &|k| format!("\"x{k}\":1")))),
        ("one name", &|n| format!("{{{GOOD},{}}}", many(n / 8, &|_| "\"x\":1".to_owned()))),
        ("escapes", &|n| format!("{{{GOOD},\"x\":\"{}\"}}", "\\n".repeat(n / 2))),
        ("escaped names", &|n| format!("{{{GOOD},\"{}\":1}}", "\\u0061".repeat(n / 6))),
        ("blanks", &|n| format!("{{{GOOD}{}}}", " ".repeat(n))),
        ("brackets", &|n| format!("{{{GOOD},\"x\":{}", "[".repeat(n))),
        ("a wide array", &|n| format!("{{{GOOD},\"x\":[{}]}}", many(n / 2, &|_| "1".to_owned()))),
        ("a long text", &|n| data(format!("\"reason\":\"{}\"", "ạ".repeat(n / 3)))),
        ("marks", &|n| data(format!("\"field\":\"a{}\"", "\u{323}\u{302}".repeat(n / 4)))),
        ("fields", &|n| data(many(n / 12, &|k| format!("\"field\":{k}")))),
    ];
    for (what, make) in ways {
        grows_linearly(what, 30_000, make, |line| decode(&[], line.as_bytes()));
    }
}

#[test]
fn headers_and_protobuf_are_read_in_linear_time() {
    let header = |name: String, value: String| vec![(name, value)];
    let ways: [(&str, &dyn Fn(usize) -> Headers); 4] = [
        ("other headers", &|n| (0..n / 12).map(|k| (format!("ce-x{k}"), "1".to_owned())).collect()),
        ("per cents", &|n| header("ce-subject".to_owned(), "%41".repeat(n / 3))),
        ("backslashes", &|n| {
            header("ce-subject".to_owned(), format!("\"{}\"", "\\a".repeat(n / 2)))
        }),
        ("a long name", &|n| header(format!("ce-{}", "A".repeat(n)), "1".to_owned())),
    ];
    for (what, make) in ways {
        grows_linearly(what, 30_000, make, |headers| decode(headers, b"{}"));
    }
    let attributes: Vec<(String, String)> = [
        ("ce-specversion", "1.0"),
        ("ce-id", "i"),
        ("ce-source", "/H41/x"),
        ("ce-type", "vn.tonghop.unit.split.v1"),
        ("ce-subject", "H41.16"),
        ("ce-time", "2021-09-06T08:30:00+07:00"),
        ("ce-unit", "H41"),
        ("ce-datacontenttype", "application/protobuf"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (what, piece) in [("empty parts", &[0x0a, 0][..]), ("varints", &[0x10, 0x80, 0x80, 0x01])] {
        grows_linearly(
            what,
            30_000,
            |n| piece.repeat(n / piece.len()),
            |payload| {
                decode(&attributes, payload);
            },
        );
    }
}

#[test]
fn refusals_are_read_in_linear_time() {
    let json = |n: usize| {
        let args: Vec<String> = (0..n / 10).map(|k| format!("\"a{k}\":\"1\"")).collect();
        let args = args.join(",");
        format!(
            "{{\"code\":\"id.reused\",\"args\":{{{args}}},\"subject\":\"s\",\"position\":1,\
             \"source\":null,\"id\":null,\"recordedAt\":\"2021-09-06T08:30:00+07:00\",\
             \"message\":{{\"headers\":[],\"payload\":\"\"}}}}"
        )
    };
    grows_linearly("arguments", 30_000, json, |json| {
        RefusedMessage::from_json(json.as_bytes()).unwrap();
    });
}
