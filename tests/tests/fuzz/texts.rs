//! Catalogue files of a province: TOML that people write.

use tonghop_tests::fuzz::{HOSTILE, Memory, Random, mutated, run};
use tonghop_wire::{CatalogueFile, catalogue_with};

use crate::HELD;

/// What a TOML document and the built-in catalogue beside it hold.
const OF_CATALOGUES: Memory = Memory { fixed: 16 * 1024 * 1024, factor: 256 };

#[test]
fn catalogue_files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/wire/catalogue");
    let mut texts = Vec::new();
    for name in ["indicators", "forms", "calendars", "rules", "declared", "cchc"] {
        let text = std::fs::read_to_string(format!("{folder}/{name}.toml")).unwrap();
        // A table or two: whole files would hide what is wrong behind the first mistake.
        texts.extend(text.split("\n\n").map(|part| part.as_bytes().to_vec()));
    }
    let make = |random: &mut Random| {
        let mut text = Vec::new();
        for _ in 0..=random.below(2) {
            text.extend(&texts[random.below(texts.len())]);
            text.extend(b"\n\n");
        }
        match random.below(12) {
            0 => text,
            1 => {
                let depth = 1 + random.below(3_000);
                format!("x = {}{}\n", "[".repeat(depth), random.one_of(HOSTILE)).into_bytes()
            }
            2 => {
                format!("[{}]\nx = 1\n", vec!["a"; 1 + random.below(3_000)].join(".")).into_bytes()
            }
            _ => mutated(random, &text, &texts),
        }
    };
    run(("catalogue files", &HELD, OF_CATALOGUES), 200, make, Vec::len, |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let said = |text: &str| {
            let files = [CatalogueFile::new("of the province.toml", text)];
            catalogue_with(&files).map(|read| format!("{read:?}")).map_err(|why| why.to_string())
        };
        assert_eq!(said(&text), said(&text), "the same text, the same answer");
    });
}
