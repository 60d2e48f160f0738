//! Of which days a figure is declared, and what that says of a window that is asked for.
//!
//! **Invariant SAID-3:** what is said of some days is never taken for what is so of others. Only
//! flows are added over days, and only where the windows that are told leave out no day of the
//! window that is asked for, and have none twice.

use std::collections::BTreeMap;

use super::{Statement, either, over_days, value};
use crate::catalogue::Nature;
use crate::day::{Day, Window};
use crate::read::Value;

/// What one unit's statements of one indicator say for a window; none if they say nothing of it.
///
/// What names its days goes before what names none, which is taken to be of any window that has
/// its own day. Where statements of the same days contradict one another, the answer has them all:
/// it is the least range in which all of them lie.
pub fn for_window(nature: Nature, statements: &[&Statement], window: Window) -> Option<Value> {
    let of_window = || hull(statements.iter().filter(|said| said.window() == Some(window)));
    let undated =
        || hull(statements.iter().filter(|said| said.names_no_day() && window.contains(said.day)));
    let as_of = |said: &Statement| matches!(said.frame(), (None, None, Some(_)));
    match nature {
        Nature::Flow => tiles(nature, statements, window).or_else(undated),
        Nature::Stock => {
            last_day(statements, window, |said| said.names_no_day() || said.names_its_end())
        }
        Nature::Ratio | Nature::Distinct | Nature::Declared => {
            of_window().or_else(|| last_day(statements, window, as_of)).or_else(undated)
        }
    }
}

impl Statement {
    /// The days that it names: from, to, as of.
    pub const fn frame(&self) -> (Option<Day>, Option<Day>, Option<Day>) {
        let declaration = &self.declaration;
        (declaration.from, declaration.to, declaration.as_of)
    }

    fn names_no_day(&self) -> bool {
        self.frame() == (None, None, None)
    }

    /// Whether it names the day on which it counts.
    const fn names_its_end(&self) -> bool {
        self.declaration.to.is_some() || self.declaration.as_of.is_some()
    }
}

fn hull<'a>(statements: impl Iterator<Item = &'a &'a Statement>) -> Option<Value> {
    statements.map(|said| value(&said.declaration)).reduce(either)
}

/// What is said as of the last day inside the window of which anything is said.
fn last_day(
    statements: &[&Statement],
    window: Window,
    counts: impl Fn(&Statement) -> bool,
) -> Option<Value> {
    let inside = || statements.iter().filter(|said| window.contains(said.day) && counts(said));
    let last = inside().map(|said| said.day).max()?;
    hull(inside().filter(|said| said.day == last))
}

/// What the statements of windows that abut and fill this one come to: the window itself is one
/// such way, its months are another. If there are several ways, the answer has all of them.
fn tiles(nature: Nature, statements: &[&Statement], window: Window) -> Option<Value> {
    let mut of_windows: BTreeMap<Window, Value> = BTreeMap::new();
    for said in statements {
        let Some(own) = said.window() else { continue };
        if window.from <= own.from && own.to <= window.to {
            let said = value(&said.declaration);
            of_windows.entry(own).and_modify(|held| *held = either(*held, said)).or_insert(said);
        }
    }
    if let Some(whole) = of_windows.get(&window) {
        return Some(*whole);
    }
    // For each last day, what there is from the window's first day up to it. Windows come in order
    // of their first day, so that all that ends before one is known when it comes.
    let mut up_to: BTreeMap<Day, Value> = BTreeMap::new();
    for (own, said) in of_windows {
        let sum = if own.from == window.from {
            Some(said)
        } else {
            let before = own.from.previous().and_then(|day| up_to.get(&day));
            before.and_then(|before| over_days(nature, *before, said))
        };
        if let Some(sum) = sum {
            up_to.entry(own.to).and_modify(|held| *held = either(*held, sum)).or_insert(sum);
        }
    }
    up_to.get(&window.to).copied()
}
