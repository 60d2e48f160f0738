//! The lists of which a bundle shows lines.

use std::io::Read;

use super::stream::{Stop, Stream, misshapen};
use super::verdict::{Code, Verdict};
use crate::bundle::{LISTS_SHOWN, Type, subtree};
use crate::closing::Closing;
use crate::pruned::Walk;

/// The lines that are shown, of each list in its order.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) contributions: Vec<String>,
    pub(super) figures: Vec<String>,
    pub(super) heads: Vec<String>,
    pub(super) sources: Vec<String>,
}

impl Lines {
    /// Reads the lists of a bundle.
    pub(super) fn read(
        stream: &mut Stream<'_, impl Read>,
        closing: &Closing,
        verdict: &mut Verdict,
    ) -> Result<Self, Stop> {
        let mut lines = Self::default();
        for name in LISTS_SHOWN {
            let shown = one(stream, name, closing, verdict)?;
            match name {
                "contributions" => lines.contributions = shown,
                "figures" => lines.figures = shown,
                "heads" => lines.heads = shown,
                _ => lines.sources = shown,
            }
        }
        Ok(lines)
    }
}

fn one(
    stream: &mut Stream<'_, impl Read>,
    name: &str,
    closing: &Closing,
    verdict: &mut Verdict,
) -> Result<Vec<String>, Stop> {
    let held = stream.expect_text(Type::List)?;
    if held != name {
        let what = format!("the list {held} stands where {name} has to stand");
        return Err(Stop::Failed(Code::FormatOrder, what));
    }
    let (mut lines, mut walk) = (Vec::new(), Walk::new());
    loop {
        if let Some(payload) = stream.take(Type::Subtree)? {
            let step = subtree(&payload);
            if !step.is_some_and(|(level, root)| walk.subtree(level, root)) {
                return Err(misshapen(Type::Subtree, "no such subtree can begin here"));
            }
        } else if let Some(payload) = stream.take(Type::Line)? {
            walk.leaf(&payload);
            let line =
                String::from_utf8(payload).map_err(|_| misshapen(Type::Line, "it is not UTF-8"))?;
            lines.push(line);
        } else {
            break;
        }
    }
    if closing.root(name) != Some(walk.end()) {
        verdict.fail(Code::ListRoot, format!("the lines of {name} do not lead to its root"));
    }
    Ok(lines)
}
