use proptest::prelude::*;

use super::*;
use crate::note::Kind;

/// A checkpoint of Go's checksum database; its key has another name than its origin.
const SUMDB: &str =
    "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n";

fn key(name: &str) -> SigningKey {
    SigningKey::new(name, Kind::Note, &[3; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    let log = key("h41.example/log");
    Checkpoint::new(log.verifier(), Head { size: 7, root: [9; 32] })
}

#[test]
fn a_checkpoint_is_three_lines_and_what_others_add() {
    assert_eq!(
        checkpoint().to_string(),
        "h41.example/log\n7\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n"
    );
    let extended = format!("{SUMDB}an extension\nand another\n");
    for text in [SUMDB, &extended] {
        let read = Checkpoint::decode(text).unwrap();
        assert_eq!((read.origin(), read.head().size), ("go.sum database tree", 35_225_469));
        assert_eq!(read.to_string(), text);
    }
    // The same text is read by the other implementation.
    let other = tlog_tiles::Checkpoint::from_bytes(checkpoint().to_string().as_bytes()).unwrap();
    assert_eq!((other.origin(), other.size(), other.hash().0), ("h41.example/log", 7, [9; 32]));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let most = SUMDB.replace("35225469", "9223372036854775807");
    assert!(Checkpoint::decode(&most).is_ok());
    for bad in [
        String::new(),
        "go.sum database tree\n".to_owned(),
        SUMDB.trim_end().to_owned(),
        SUMDB.replace("go.sum database tree", ""),
        SUMDB.replace("35225469", "035225469"),
        SUMDB.replace("35225469", "+35225469"),
        SUMDB.replace("35225469", "-1"),
        SUMDB.replace("35225469", ""),
        SUMDB.replace("35225469", "9223372036854775808"),
        SUMDB.replace("JCQ=", "JCR="),
        SUMDB.replace("JCQ=", "JCQ"),
        SUMDB.replace("vt5T", ""),
        format!("{SUMDB}\n"),
        format!("{SUMDB}no newline"),
        format!("{SUMDB}one\n\ntwo\n"),
    ] {
        assert_eq!(Checkpoint::decode(&bad), Err(CheckpointError::NoCheckpoint), "{bad}");
    }
}

#[test]
fn what_the_log_did_not_sign_is_not_opened() {
    let log = key("h41.example/log");
    let note = checkpoint().sign(&log).to_string();
    let (opened, _) = Checkpoint::open(note.as_bytes(), log.verifier()).unwrap();
    assert_eq!(opened, checkpoint());

    let other = SigningKey::new("h41.example/log", Kind::Note, &[4; 32]).unwrap();
    let unsigned = CheckpointError::Note(NoteError::Unsigned(other.verifier().to_string()));
    assert_eq!(Checkpoint::open(note.as_bytes(), other.verifier()), Err(unsigned));
    let forged = note.replace("\n7\n", "\n8\n");
    let error = CheckpointError::Note(NoteError::Forged(log.verifier().to_string()));
    assert_eq!(Checkpoint::open(forged.as_bytes(), log.verifier()), Err(error));

    let mut foreign = Note::new(SUMDB.to_owned()).unwrap();
    foreign.sign(&log);
    let error = CheckpointError::Origin("go.sum database tree".to_owned());
    assert_eq!(Checkpoint::open(foreign.to_string().as_bytes(), log.verifier()), Err(error));
    let mut letter = Note::new("a letter\n".to_owned()).unwrap();
    letter.sign(&log);
    let opened = Checkpoint::open(letter.to_string().as_bytes(), log.verifier());
    assert_eq!(opened, Err(CheckpointError::NoCheckpoint));
}

proptest! {
    #[test]
    fn changed_texts_are_no_checkpoint_or_one_of_this_text(
        place in any::<prop::sample::Index>(), letter in any::<char>(), insert in any::<bool>(),
    ) {
        let mut letters: Vec<char> = format!("{SUMDB}more\n").chars().collect();
        let place = place.index(letters.len());
        if insert { letters.insert(place, letter) } else { letters[place] = letter }
        let text: String = letters.into_iter().collect();
        if let Ok(checkpoint) = Checkpoint::decode(&text) {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }
}
