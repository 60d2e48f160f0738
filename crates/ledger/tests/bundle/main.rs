//! Bundles: those that are honest hold, and those that somebody changed do not.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod attacks;
mod honest;
mod programs;

use tonghop_ledger::note::VerifierKey;
use tonghop_ledger::verify::verdict::Verdict;
use tonghop_ledger::verify::verify;
use tonghop_tests::evidence::Province;

const WINDOW: &str = "20210615-20210914";
/// No code: all holds.
const NOTHING: [&str; 0] = [];

/// Figures of every kind of rule, of the province, a district, and a commune.
fn figures(position: u64) -> Vec<String> {
    let mut figures = Vec::new();
    for indicator in [
        "dossiers.settled",
        "dossiers.pending",
        "dossiers.carried_in",
        "documents.issued",
        "documents.signed_share",
        "documents.conclusion_notices",
        "post.procedures_used",
    ] {
        for unit in ["H41", "H41.1", "H41.1.1"] {
            figures.push(format!("{indicator}~{unit}~{WINDOW}~p{position}"));
        }
    }
    figures.push(format!("dossiers.settled~H41.1~{WINDOW}~t20210801~p{position}"));
    figures.push(format!("dossiers.settled~H41~{WINDOW}~p{position}~ffield.dat-dai"));
    figures.sort();
    figures
}

fn keys(province: &Province) -> Vec<VerifierKey> {
    province.keys.iter().map(|key| VerifierKey::parse(key).unwrap()).collect()
}

fn judged(bundle: &[u8], keys: &[VerifierKey]) -> Verdict {
    verify(bundle, keys, &mut |_| {}).unwrap()
}

/// The codes of what fails.
fn codes(verdict: &Verdict) -> Vec<&'static str> {
    let mut codes: Vec<&str> = verdict.failures.iter().map(|held| held.code.word()).collect();
    codes.dedup();
    codes
}
