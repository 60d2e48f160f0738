//! A page for each family: what its events mean, when to send them, their fields and examples.

use std::collections::BTreeMap;
use std::fmt::Write;

use tonghop_core::anomaly::Anomaly;
use tonghop_core::limits::{CODE_BYTES_MAX, NARRATIVE_BYTES_MAX, TEXT_BYTES_MAX};
use tonghop_core::words::Family;
use tonghop_wire::describe::{self, FieldText, SetText};
use tonghop_wire::kind::{Field, Form, Kind};
use tonghop_wire::{Message, route, to_protobuf};

use super::COMMAND;

/// Every page by its path, and a page that lists them.
pub fn all() -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> = Family::ALL
        .iter()
        .map(|family| (format!("docs/events/{}.md", family.word()), page(*family)))
        .collect();
    pages.insert("docs/events/README.md".to_owned(), contents());
    pages
}

fn kinds(family: Family) -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(move |kind| kind.spec().family == family)
}

fn contents() -> String {
    let mut out = String::from(
        "# Events · Các loại sự kiện\n\nOne page a family; the rules that all events share are in \
         [the contract](../../proto/README.md).\n\n| family | Vietnamese | kinds |\n|---|---|---|\n",
    );
    for family in Family::ALL {
        let kinds: Vec<&str> = kinds(*family).map(|kind| kind.spec().word).collect();
        let (word, vietnamese) = (family.word(), describe::family(*family).vietnamese);
        line(&mut out, &format!("| [{word}]({word}.md) | {vietnamese} | {} |", kinds.join(", ")));
    }
    line(&mut out, &format!("\nMade from `proto/tonghop/v1` by `{COMMAND}`; do not edit."));
    out
}

fn page(family: Family) -> String {
    let text = describe::family(family);
    let word = family.word();
    let mut out = format!("# {word} · {}\n\n{}\n\n", text.vietnamese, text.about);
    line(&mut out, "| kind | Vietnamese | send it when |\n|---|---|---|");
    for kind in kinds(family) {
        let (name, text) = (kind.spec().word, describe::kind(kind));
        let row = [text.vietnamese, text.when].join(" | ");
        line(&mut out, &format!("| [{name}](#{name}) | {row} |"));
    }
    for kind in kinds(family) {
        section(kind, &mut out);
    }
    anomalies(family, &mut out);
    line(
        &mut out,
        &format!(
            "\nWhat all events share: [the contract](../../proto/README.md); how to mend what was \
             refused: [refusals](../../proto/refusals.md).\nMade from \
             [`{file}`](../../proto/{file}) by `{COMMAND}`; do not edit.",
            file = text.file
        ),
    );
    out
}

fn section(kind: Kind, out: &mut String) {
    let (spec, text, name) = (kind.spec(), describe::kind(kind), kind.name());
    line(out, &format!("\n## {}\n", spec.word));
    line(out, &format!("{}.\n", text.vietnamese));
    line(out, text.about);
    line(out, &format!("Send it when {}.", text.when));
    line(out, &format!("`subject` is {}", text.subject));
    line(out, &format!("`unit` is {}.\n", text.unit.trim_end_matches('.')));
    if spec.fields.is_empty() {
        line(out, "It has no data.");
    } else {
        table(spec.fields, text.fields, out);
    }
    refusals(kind, out);
    line(
        out,
        &format!(
            "\nType `vn.tonghop.{name}.v1`; schema of the data \
             [`{name}.json`](../../proto/schema/{name}.json)."
        ),
    );
    examples(kind, out);
}

fn table(fields: &[Field], texts: &[FieldText], out: &mut String) {
    line(out, "| field | Vietnamese | type | required | what it says |\n|---|---|---|---|---|");
    for (field, text) in fields.iter().zip(texts) {
        let required = if field.required { "yes" } else { "no" };
        let row = [text.vietnamese, &form(field), required, text.about].join(" | ");
        line(out, &format!("| `{}` | {row} |", field.json));
    }
    for (field, text) in fields.iter().zip(texts) {
        if let Some(set) = text.set {
            words(field, set, out);
        }
        if let Form::Parts(parts) = field.form {
            line(out, &format!("\nEach of `{}`:\n", field.json));
            table(parts, text.parts, out);
        }
    }
}

fn words(field: &Field, set: &SetText, out: &mut String) {
    line(out, &format!("\n`{}` ({}):\n", field.json, set.about.trim_end_matches('.')));
    line(out, "| word | Vietnamese | meaning |\n|---|---|---|");
    for word in set.words {
        line(out, &format!("| `{}` | {} | {} |", word.word, word.vietnamese, word.about));
    }
}

/// What a value is, with its unit and range.
fn form(field: &Field) -> String {
    match field.form {
        Form::Text => format!("text, at most {TEXT_BYTES_MAX} bytes"),
        Form::LongText => format!("text, at most {NARRATIVE_BYTES_MAX} bytes"),
        Form::Code => format!("code, at most {CODE_BYTES_MAX} bytes"),
        Form::Procedure => "code of a procedure, national or with the local suffix".to_owned(),
        Form::Unit => "unit code, in either official form".to_owned(),
        Form::Day => "day, `YYYY-MM-DD`, 1990 to 2099".to_owned(),
        Form::Moment => "instant, RFC 3339 with offset, or a day".to_owned(),
        Form::Flag => "`true` or `false`".to_owned(),
        Form::Count => format!("whole number, 0 to {}", field.max),
        Form::Word(_) => "one of the words below".to_owned(),
        Form::Codes => format!("list of at most 64 codes, each at most {CODE_BYTES_MAX} bytes"),
        Form::Parts(_) => "list of 1 to 16 parts".to_owned(),
    }
}

fn refusals(kind: Kind, out: &mut String) {
    let (fields, text) = (kind.spec().fields, describe::kind(kind));
    line(out, "\nRefused, beyond what [every event](../../proto/refusals.md) may be:\n");
    let required: Vec<String> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| format!("`{}`", field.json))
        .collect();
    if !required.is_empty() {
        line(out, &format!("- `data.missing_field` without {}", required.join(", ")));
    }
    if !fields.is_empty() {
        line(out, "- `data.out_of_range` if a value is not what the table says");
    }
    let others = if fields.is_empty() { "any field" } else { "any other field" };
    line(out, &format!("- `data.unknown_field` with {others}"));
    if let Kind::Retracted(_) = kind {
        line(out, "- `envelope.missing_attribute` without `replaces`");
    }
    for (code, when) in text.refused {
        line(out, &format!("- `{code}` {when}"));
    }
}

fn anomalies(family: Family, out: &mut String) {
    let prefix = format!("{}.", family.word());
    let odd = |anomaly: &&Anomaly| {
        let word = anomaly.word();
        word.starts_with(&prefix) || word.starts_with("replaces.")
    };
    line(out, "\n## Anomalies\n");
    line(out, "Accepted, counted as odd until the event that is missing arrives:\n");
    line(out, "| anomaly | what is odd |\n|---|---|");
    for anomaly in Anomaly::ALL.iter().filter(odd) {
        line(out, &format!("| `{}` | {} |", anomaly.word(), anomaly.about()));
    }
}

fn examples(kind: Kind, out: &mut String) {
    let json = describe::kind(kind).example.trim_end();
    let subject = route(json.as_bytes()).unwrap_or_default();
    line(out, &format!("\nIn JSON, published to `{subject}`:\n\n```json\n{json}\n```"));
    // The examples are decoded by the tests; one that cannot be has no second encoding here.
    let Ok(message) = to_protobuf(json.as_bytes()) else { return };
    line(
        out,
        &format!(
            "\nThe same event with protobuf: attributes in headers, the payload is the message \
             `tonghop.v1.{}`, here in hexadecimal.\n\n```text\n{}\n```",
            kind.spec().message,
            wire_text(&message)
        ),
    );
}

/// Headers, an empty line, and the payload in hexadecimal.
fn wire_text(message: &Message) -> String {
    let mut out = String::new();
    for (name, value) in &message.headers {
        line(&mut out, &format!("{name}: {value}"));
    }
    out.push('\n');
    out.push_str(&hex(&message.payload));
    out
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
        hex
    })
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
