use proptest::prelude::*;

use super::*;

/// The key and note of the documentation of golang.org/x/mod/sumdb/note.
const GO_SECRET: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The examples of c2sp.org/signed-note, and a checkpoint of Go's checksum database.
const C2SP_VERIFIER: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE: &str = "This is an example message.\n\n\
    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const C2SP_UNKNOWN: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
    ed è subito sera.\n\n\
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
const SUMDB_VERIFIER: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const SUMDB_NOTE: &str = "go.sum database tree\n35225469\n\
    vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n\
    — sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=\n";
/// The example of c2sp.org/tlog-cosignature: the second line is a witness's.
const C2SP_COSIGNED: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

fn verifier(text: &str) -> VerifierKey {
    VerifierKey::parse(text).unwrap()
}

fn note(text: &str) -> Note {
    Note::decode(text.as_bytes()).unwrap()
}

fn witness() -> SigningKey {
    SigningKey::new("witness.example/w", Kind::Cosignature, &[7; 32]).unwrap()
}

#[test]
fn notes_of_others_are_read_verified_and_written_the_same() {
    for (text, key) in
        [(GO_NOTE, GO_VERIFIER), (C2SP_NOTE, C2SP_VERIFIER), (SUMDB_NOTE, SUMDB_VERIFIER)]
    {
        assert_eq!(note(text).verify(&verifier(key)), Ok(None), "{key}");
        assert_eq!(note(text).to_string(), text);
        assert_eq!(verifier(key).to_string(), key);
    }
    assert_eq!(note(C2SP_UNKNOWN).to_string(), C2SP_UNKNOWN);
    assert!(note(C2SP_UNKNOWN).text().ends_with("di sole:\n\ned è subito sera.\n"));
    assert_eq!(note(C2SP_COSIGNED).to_string(), C2SP_COSIGNED);
    assert_eq!(note(C2SP_COSIGNED).signatures[1].bytes[..8], 1_679_315_147u64.to_be_bytes());
}

#[test]
fn a_key_of_go_signs_as_go_does() {
    let key = SigningKey::parse(GO_SECRET).unwrap();
    assert_eq!(key.secret(), GO_SECRET);
    assert_eq!(key.verifier().to_string(), GO_VERIFIER);
    let mut signed = Note::new(note(GO_NOTE).text().to_owned()).unwrap();
    signed.sign(&key);
    signed.sign(&key);
    assert_eq!(signed.to_string(), GO_NOTE);
    assert!(!format!("{key:?}").contains("AYEKFALV"), "{key:?}");
}

#[test]
fn a_witness_says_when_it_saw_which_text() {
    let mut seen = note(SUMDB_NOTE);
    seen.cosign(&witness(), 1_700_000_000);
    let seen = note(&seen.to_string());
    assert_eq!(seen.verify(witness().verifier()), Ok(Some(1_700_000_000)));
    assert_eq!(seen.verify(&verifier(SUMDB_VERIFIER)), Ok(None));

    let forged = Err(NoteError::Forged(witness().verifier().to_string()));
    let mut later = seen.clone();
    later.signatures[1].bytes[7] ^= 1;
    assert_eq!(later.verify(witness().verifier()), forged, "another time");
    let mut other = seen.clone();
    other.text = other.text.replace("35225469", "35225468");
    assert_eq!(other.verify(witness().verifier()), forged, "another text");
    let mut never = seen.clone();
    never.signatures[1] = witness().sign(seen.text(), Some(SECONDS_MAX + 1));
    assert_eq!(never.verify(witness().verifier()), forged, "a time that is none");
    let mut short = seen;
    short.signatures[1].bytes.truncate(7);
    assert_eq!(short.verify(witness().verifier()), forged);
}

#[test]
fn a_known_key_has_to_have_signed_and_all_that_it_signed_has_to_fit() {
    let key = verifier(GO_VERIFIER);
    assert_eq!(note(C2SP_NOTE).verify(&key), Err(NoteError::Unsigned(GO_VERIFIER.to_owned())));
    let same_name = SigningKey::new("PeterNeumann", Kind::Note, &[1; 32]).unwrap();
    let mut both = note(GO_NOTE);
    both.sign(&same_name);
    assert_eq!(both.verify(&key), Ok(None), "another key of the same name counts for nothing");
    assert_eq!(both.signed_by(&key), note(GO_NOTE));

    let mut twice = note(GO_NOTE);
    let mut wrong = twice.signatures[0].clone();
    wrong.bytes[3] ^= 1;
    twice.signatures.push(wrong);
    assert_eq!(twice.verify(&key), Err(NoteError::Forged(GO_VERIFIER.to_owned())));

    let other_kind = SigningKey::new("PeterNeumann", Kind::Cosignature, &[1; 32]).unwrap();
    assert_ne!(other_kind.verifier().id(), same_name.verifier().id());
}

#[test]
fn what_is_no_note_is_refused() {
    let good = C2SP_NOTE;
    let (text, line) = good.split_once("\n\n").unwrap();
    let many = |count: usize| format!("{text}\n\n{}", line.repeat(count));
    assert_eq!(note(&many(SIGNATURES_MAX)).signatures.len(), SIGNATURES_MAX);
    for bad in [
        String::new(),
        "\n\n".to_owned(),
        text.to_owned(),
        format!("{text}\n\n"),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        good.replace("\n\n", "\n"),
        good.replace('—', "-"),
        good.replace("— ", "—"),
        good.replace("foo Uw", "foo  Uw"),
        good.replace("foo Uw", "foo+ Uw"),
        good.replace("example.com/foo Uw", " Uw"),
        good.replace("example message", "example\tmessage"),
        good.replace("example message", "example\rmessage"),
        good.replace("aQM=\n", "aQM\n"),
        good.replace("aQM=\n", "aQN=\n"),
        format!("{text}\n\n— example.com/foo Uw2QOg==\n"),
        many(SIGNATURES_MAX + 1),
        format!("{}{good}", "x".repeat(NOTE_BYTES_MAX)),
    ] {
        assert_eq!(Note::decode(bad.as_bytes()), Err(NoteError::NoNote), "{bad:.200}");
    }
    assert_eq!(Note::decode(b"\xff\n\n"), Err(NoteError::NoNote));
    assert_eq!(Note::new("no newline".to_owned()), Err(NoteError::NoNote));
}

#[test]
fn what_is_no_key_is_refused() {
    for bad in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW ",
        "PeterNeumann+c74f20a3+",
    ] {
        assert_eq!(VerifierKey::parse(bad), Err(NoteError::NoVerifierKey), "{bad}");
        let secret = SigningKey::parse(&format!("PRIVATE+KEY+{bad}"));
        assert_eq!(secret.unwrap_err(), NoteError::NoSigningKey, "{bad}");
    }
    assert_eq!(SigningKey::parse(GO_VERIFIER).unwrap_err(), NoteError::NoSigningKey);
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    for bad in ["", "a b", "a+b", "a\nb", "a\u{a0}b", &long] {
        let made = SigningKey::new(bad, Kind::Note, &[1; 32]);
        assert_eq!(made.unwrap_err(), NoteError::Name(bad.to_owned()));
    }
}

proptest! {
    #[test]
    fn changed_bytes_are_no_note_or_one_with_these_bytes(
        place in any::<prop::sample::Index>(), byte in any::<u8>(), insert in any::<bool>(),
    ) {
        let mut bytes = C2SP_COSIGNED.as_bytes().to_vec();
        let place = place.index(bytes.len());
        if insert { bytes.insert(place, byte) } else { bytes[place] = byte }
        if let Ok(note) = Note::decode(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn a_changed_text_is_not_what_was_signed(place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut bytes = SUMDB_NOTE.as_bytes().to_vec();
        let place = place.index(SUMDB_NOTE.find("\n\n").unwrap());
        bytes[place] ^= 1 << bit;
        if let Ok(note) = Note::decode(&bytes) {
            prop_assert!(note.verify(&verifier(SUMDB_VERIFIER)).is_err());
        }
    }
}
