//! A driver that shows decoders hostile bytes, on stable Rust: a case is a number, and a number is
//! always the same case, here and on any machine.
//!
//! **Law FUZZ-1:** no bytes make a decoder panic.
//! **Law FUZZ-2:** what a decoder holds at any moment is bounded by a multiple of its input.
//! **Law FUZZ-3:** a case ends within a generous time, looked at three times before it is blamed.
//! What a decoder answers, and that it answers the same again, is the law of each target.
//!
//! `CASES` says how many cases there are in all, shared out among the targets as the normal suite
//! shares out its own; `SEED` says which, and `CASE` names the one to see again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;

mod bytes;
mod json;
mod random;

pub use bytes::{HOSTILE, mutated, percent_garbage};
pub use json::{json_mutated, members_reordered};
pub use random::Random;

/// What counts the bytes that are held: `#[global_allocator]` of a test binary.
pub type Counter = PeakAlloc;

/// About as many cases as the normal suite sees in all.
const CASES_USUAL: u64 = 30_000;

/// One target at a time, for the counter counts all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// No case may take longer, whatever machine it runs on.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Times that a slow case is looked at: the machine may have been busy.
const LOOKS: usize = 3;
/// How often it is told how far a long run is.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How much memory a case may hold at once.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Bytes for any input.
    pub fixed: usize,
    /// Bytes for each byte of input.
    pub factor: usize,
}

/// Runs the cases of one target.
///
/// `make` gives a case its bytes, `judge` shows them to the decoder and panics if a law is broken;
/// the memory is that of `judge` alone, over `input` as `size` measures it.
///
/// # Panics
///
/// If a law is broken; the number of the case and its input are told first.
pub fn run<T: std::fmt::Debug>(
    (target, counter, memory): (&str, &Counter, Memory),
    cases: u64,
    make: impl Fn(&mut Random) -> T,
    size: impl Fn(&T) -> usize,
    mut judge: impl FnMut(&T),
) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = number("SEED").unwrap_or(1);
    let only = number("CASE");
    let cases = number("CASES").map_or(cases, |all| (all * cases).div_ceil(CASES_USUAL));
    let (first, end) = only.map_or((0, cases), |case| (case, case + 1));
    let (begun, mut told, mut most) = (Instant::now(), Instant::now(), (0, 0));
    for case in first..end {
        let input = make(&mut Random::of_case(seed, case));
        let bytes = size(&input);
        let blame = |why: &str| {
            let shown = format!("{input:?}");
            let shown: String = shown.chars().take(4_000).collect();
            eprintln!("{target}: {why}; see it again with SEED={seed} CASE={case}\n{shown}");
        };
        let mut time = Duration::MAX;
        for _ in 0..LOOKS {
            let held = counter.current_usage();
            counter.reset_peak_usage();
            let start = Instant::now();
            if let Err(cause) = catch_unwind(AssertUnwindSafe(|| judge(&input))) {
                blame("a law is broken");
                resume_unwind(cause);
            }
            time = time.min(start.elapsed());
            let peak = counter.peak_usage().saturating_sub(held);
            if peak > memory.fixed + memory.factor * bytes {
                blame("FUZZ-2");
                panic!("FUZZ-2: {target}: {peak} bytes held for {bytes} bytes of input");
            }
            if peak > most.0 {
                most = (peak, bytes);
            }
            if time <= TIME_MAX {
                break;
            }
        }
        if time > TIME_MAX {
            blame("FUZZ-3");
            panic!("FUZZ-3: {target}: {time:?} for {bytes} bytes");
        }
        if told.elapsed() > TELL_EVERY {
            told = Instant::now();
            eprintln!("{target}: {case} of {end} cases, {:?}", begun.elapsed());
        }
    }
    let (peak, of) = most;
    let took = begun.elapsed();
    eprintln!("{target}: {} cases in {took:?}; most memory {peak} for {of} bytes", end - first);
}

/// The time of the work at a size and at eight times the size: linear work takes eight times as
/// long, quadratic work 64 times.
///
/// # Panics
///
/// If the larger takes more than 32 times as long.
pub fn grows_linearly<T>(what: &str, size: usize, make: impl Fn(usize) -> T, work: impl Fn(&T)) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let best = |input: &T| {
        let times = (0..5).map(|_| {
            let start = Instant::now();
            work(input);
            start.elapsed()
        });
        times.min().unwrap_or_default()
    };
    let (small, large) = (best(&make(size)), best(&make(8 * size)));
    assert!(
        large <= 32 * small + Duration::from_millis(2),
        "FUZZ-3: {what}: {small:?} for {size}, {large:?} for eight times as much"
    );
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}
