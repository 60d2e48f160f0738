use proptest::prelude::*;

use super::*;

fn leaves() -> impl Strategy<Value = Leaf> {
    let texts = ("[A-Z0-9.]{0,8}", "[a-z.]{0,9}", "\\PC{0,60}", "[!-~]{0,64}");
    let numbers = (any::<u64>(), any::<i64>(), any::<u64>(), any::<u64>(), any::<[u8; 32]>());
    (texts, numbers).prop_map(|((unit, kind, source, id), numbers)| {
        let (position, recorded_ms, previous, sequence, commitment) = numbers;
        Leaf { position, recorded_ms, previous, unit, kind, source, id, sequence, commitment }
    })
}

fn encoded(leaf: &Leaf) -> Vec<u8> {
    let mut out = Vec::new();
    leaf.encode(&mut out);
    out
}

proptest! {
    /// LEAF-1.
    #[test]
    fn a_leaf_is_read_as_it_was_written(leaf in leaves()) {
        prop_assert_eq!(Leaf::decode(&encoded(&leaf)), Ok(leaf));
    }

    /// LEAF-1: what is read is written again as it was.
    #[test]
    fn other_bytes_are_no_leaf_or_one_with_these_bytes(
        leaf in leaves(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in 0..3_usize,
    ) {
        let mut bytes = encoded(&leaf);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut);
        if let Ok(read) = Leaf::decode(&bytes) {
            prop_assert_eq!(encoded(&read), bytes);
        }
    }
}

#[test]
fn the_bytes_are_those_of_the_page() {
    let leaf = Leaf {
        position: 7,
        recorded_ms: 1_631_600_000_000,
        previous: 3,
        unit: "H41.16".to_owned(),
        kind: "dossier.accepted".to_owned(),
        source: "/H41.16/igate".to_owned(),
        id: "ig-000123".to_owned(),
        sequence: 123,
        commitment: [0xAB; 32],
    };
    let hex = encoded(&leaf).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(
        hex,
        "0100000000000000070000017be2f03c000000000000000003064834312e313610646f73736965722e6163636570\
         7465640d2f4834312e31362f69676174650969672d303030313233000000000000007b"
            .to_owned()
            + &"ab".repeat(32)
    );
}

#[test]
fn a_subject_names_a_unit_and_two_words_or_not() {
    fn of(subject: &str) -> (String, &str) {
        let (unit, kind) = named(subject);
        (unit.map(|unit| unit.to_string()).unwrap_or_default(), kind.unwrap_or_default())
    }
    let unit = || "H41.16".to_owned();
    assert_eq!(of("tonghop.v1.H41-16.dossier.accepted"), (unit(), "dossier.accepted"));
    assert_eq!(of("tonghop.v1.H41-16.fee.paid_twice"), (unit(), "fee.paid_twice"));
    for odd in ["dossier", "dossier.accepted.v1", "Dossier.x", ".x", "x.", "văn.bản"] {
        let subject = format!("tonghop.v1.H41-16.{odd}");
        assert_eq!(of(&subject), (unit(), ""), "{odd}");
    }
    let long = format!("tonghop.v1.H41-16.x.{}", "y".repeat(65));
    assert_eq!(of(&long), (unit(), ""));
    assert_eq!(of("tonghop.v1.h41.dossier.accepted").0, "");
    assert_eq!(of("tonghop.v1.H41-16"), (String::new(), ""));
    assert_eq!(of("elsewhere"), (String::new(), ""));
}
