//! Tables that people, or somebody else, have spoilt: whatever is in them, the program says what is
//! wrong and ends by itself, within bounds of memory.

use std::process::Command;

use tonghop_tests::fuzz::{HOSTILE, Random, mutated};

use crate::program::{to_end, tonghop};
use crate::world::Data;

/// Tables of each kind that are tried: each is a process.
const CASES: u64 = 24;
/// Kilobytes of address space: many times what a table of a few kilobytes needs.
const MEMORY_KB_MAX: u32 = 4_000_000;

const GOOD: &str = "indicator,from,to,value,of,qualifier,note\n\
    portal.posted,01/06/2021,2021-09-06,60,,,tin\n\
    certificates.valid,,,4000,,AT_LEAST,\"hơn, 4.000\"\n\
    feedback.received,2021-06-15,2021-09-14,,,NIL,\n";

/// CSV with formulas, other separators, marks and quotes that never end.
fn csv(random: &mut Random) -> Vec<u8> {
    let good = GOOD.as_bytes().to_vec();
    let text = match random.below(6) {
        0 => GOOD.replace("tin", random.one_of(&["=1+1", "@SUM(A1:A9)", "=cmd|' /C calc'!A0"])),
        1 => GOOD.replace(',', random.one_of(&[";", "\t", ",,", "\",\""])),
        2 => GOOD.replace("60", random.one_of(HOSTILE)),
        3 => format!("\u{feff}{}", GOOD.replace('\n', "\r\n")),
        4 => format!("{GOOD}{}\n", "x,".repeat(20_000)),
        _ => format!("{GOOD}\"{}", "never closed\n".repeat(2_000)),
    };
    mutated(random, text.as_bytes(), &[good])
}

async fn ends_well(data: &Data, file: &str, what: &str) {
    let args = ["declare", "--unit", "H41.16", "--nats", "nats://127.0.0.1:9", "--from-file", file];
    let program = tonghop(data, &args);
    let mut bounded = Command::new("sh");
    let script = format!("ulimit -v {MEMORY_KB_MAX}; exec \"$0\" \"$@\"");
    bounded.arg("-c").arg(script).arg(program.get_program()).args(program.get_args());
    bounded.current_dir(data.path()).env("TONGHOP_DATA", data.path());
    let ended = to_end(bounded).await;
    // 0 to 3 are what the contract has; 101 is a panic, and a signal has no code.
    assert!(ended.code.is_some_and(|code| (0..=3).contains(&code)), "{what}: {ended:?}");
    assert!(!ended.err.is_empty() && !ended.err.contains("panicked"), "{what}: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spoilt_tables_are_told_and_nothing_else_happens() {
    let data = Data::new("hostile-tables");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/declared");
    let book = std::fs::read(format!("{folder}/good.xlsx")).unwrap();
    let other = std::fs::read(format!("{folder}/bad.xlsx")).unwrap();
    for case in 0..CASES {
        let mut random = Random::of_case(1, case);
        std::fs::write(data.file("t.csv"), csv(&mut random)).unwrap();
        ends_well(&data, "t.csv", &format!("CSV {case}")).await;
        let spoilt = mutated(&mut random, &book, std::slice::from_ref(&other));
        std::fs::write(data.file("t.xlsx"), spoilt).unwrap();
        ends_well(&data, "t.xlsx", &format!("XLSX {case}")).await;
    }
}
