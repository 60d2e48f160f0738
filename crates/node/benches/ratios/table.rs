//! The table: ratios with their spread, what stands beside them, and their goals.

use std::fmt::Write as _;
use std::time::Duration;

use tonghop_node::commands::print;

/// A figure of several rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of the figures of the rounds; zero of none.
    pub(crate) fn of(rounds: impl IntoIterator<Item = f64>) -> Self {
        let mut rounds: Vec<f64> = rounds.into_iter().collect();
        rounds.sort_unstable_by(f64::total_cmp);
        let at = |place: usize| rounds.get(place).copied().unwrap_or_default();
        let last = rounds.len().saturating_sub(1);
        let median = f64::midpoint(at(last / 2), at(last.div_ceil(2)));
        Self { median, least: at(0), most: at(last) }
    }
}

/// What a figure should come to.
#[derive(Debug)]
pub(crate) struct Goal {
    text: String,
    is_met: bool,
}

impl Goal {
    /// A goal, and whether this run meets it.
    pub(crate) fn new(text: impl Into<String>, is_met: bool) -> Self {
        Self { text: text.into(), is_met }
    }
}

#[derive(Debug)]
struct Row {
    part: char,
    what: String,
    ratio: Spread,
    beside: String,
    goal: Option<Goal>,
}

/// The rows so far.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Adds a row.
    pub(crate) fn row(
        &mut self,
        part: char,
        what: impl Into<String>,
        ratio: Spread,
        beside: impl Into<String>,
        goal: Option<Goal>,
    ) {
        let (what, beside) = (what.into(), beside.into());
        self.0.push(Row { part, what, ratio, beside, goal });
    }

    /// Prints everything, in the order of the parts.
    pub(crate) fn print(mut self, head: &str) -> anyhow::Result<()> {
        self.0.sort_by_key(|row| row.part);
        let width = self.0.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
        let mut text = format!("{head}\n\n");
        for row in &self.0 {
            let Row { part, what, ratio, beside, goal } = row;
            let spread = format!("({} – {})", short(ratio.least), short(ratio.most));
            let ratio = short(ratio.median);
            write!(text, "({part}) {what:<width$} {ratio:>8} {spread:<18} {beside}")?;
            if let Some(Goal { text: wanted, is_met }) = goal {
                let verdict = if *is_met { "met" } else { "behind the goal" };
                write!(text, " · goal {wanted}: {verdict}")?;
            }
            text.push('\n');
        }
        print(&text);
        Ok(())
    }
}

/// A ratio with three digits that mean something.
fn short(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 100.0 => format!("{ratio:.0}"),
        ratio if ratio >= 10.0 => format!("{ratio:.1}"),
        ratio if ratio >= 1.0 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.3}"),
    }
}

/// A count as a number to divide by. Exact below 2^53, which no count here reaches.
pub(crate) fn float(count: u64) -> f64 {
    let low = u32::try_from(count & u64::from(u32::MAX)).unwrap_or_default();
    let high = u32::try_from(count >> 32).unwrap_or_default();
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}

/// How many a second.
pub(crate) fn per_second(count: u64, took: Duration) -> u64 {
    let micros = took.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

/// The median of the counts of the rounds.
pub(crate) fn middle(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or_default()
}

/// The duration below or at which `hundredths` of 100 are.
pub(crate) fn percentile(durations: &[Duration], hundredths: usize) -> Duration {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * hundredths).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// Milliseconds with two decimals.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}

/// How often the one goes into the other; 0 when that was too short to be measured.
pub(crate) fn over(one: Duration, other: Duration) -> f64 {
    if other.is_zero() { 0.0 } else { one.as_secs_f64() / other.as_secs_f64() }
}
