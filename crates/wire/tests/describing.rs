//! The contract in words stands beside the contract in tables: nothing more, nothing less.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own input fails")]

use tonghop_core::refusal::RefusalCode;
use tonghop_wire::describe::{self, FieldText};
use tonghop_wire::kind::{Field, Form, Kind};

#[test]
fn words_stand_beside_tables() {
    for kind in Kind::ALL {
        let text = describe::kind(*kind);
        let said = [text.about, text.vietnamese, text.when, text.subject, text.unit];
        assert!(said.iter().all(|text| !text.is_empty()), "{}", kind.name());
        assert!(text.example.contains(&format!("\"vn.tonghop.{}.v1\"", kind.name())));
        for (code, condition) in text.refused {
            assert!(RefusalCode::parse(code).is_some(), "{}: {code}", kind.name());
            assert!(condition.starts_with("if "), "{}: {condition}", kind.name());
        }
        beside(kind.spec().fields, text.fields);
    }
    let due = describe::fields(Kind::parse("dossier.accepted").unwrap()).nth(4).unwrap();
    assert_eq!((due.0.json, due.1.vietnamese), ("dueOn", "Ngày hẹn trả"));
}

fn beside(fields: &[Field], texts: &[FieldText]) {
    assert_eq!(fields.len(), texts.len());
    for (field, text) in fields.iter().zip(texts) {
        assert!(!text.about.is_empty() && !text.vietnamese.is_empty(), "{}", field.json);
        let words = text.set.map_or(&[][..], |set| set.words);
        if let Form::Word(known) = field.form {
            assert!(known.iter().map(|(word, _)| *word).eq(words.iter().map(|word| word.word)));
        } else {
            assert!(words.is_empty());
        }
        if let Form::Parts(parts) = field.form {
            beside(parts, text.parts);
        } else {
            assert!(text.parts.is_empty());
        }
    }
}

#[test]
fn comments_are_taken_apart() {
    let kind = describe::kind(Kind::parse("dossier.accepted").unwrap());
    assert_eq!(
        kind.about,
        "The unit took the dossier in at `time`; columns 4 and 5 of Biểu II.06."
    );
    assert_eq!(kind.vietnamese, "Tiếp nhận hồ sơ");
    assert!(kind.when.ends_with("not yet when it was handed in online"), "{}", kind.when);
    assert_eq!(
        kind.refused,
        [("dossier.due_before_accepted", "if `dueOn` is before the local day of `time`.")]
    );
    let subject = |name| describe::kind(Kind::parse(name).unwrap()).subject;
    assert_eq!(subject("staff.posts"), "always `posts`.");
    assert!(subject("document.recalled").starts_with("number/symbol"));
    assert!(subject("document.received").starts_with("issuer,YYYY-MM-DD"));
    assert_eq!(subject("document.retracted"), "that of the event that is taken away.");
}
