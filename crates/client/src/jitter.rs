//! Chance for pauses, so that the clients of a province do not all come back at one moment.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Another number in each process and at each call.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// From three quarters to five quarters of the pause, by chance.
pub(crate) fn jittered(pause: Duration, chance: u64) -> Duration {
    // The finalizer of splitmix64: neighbours get pauses that have nothing to do with one another.
    let mut mixed = chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let per_mille = u32::try_from((mixed ^ (mixed >> 31)) % 501).unwrap_or(0);
    pause * (750 + per_mille) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_spread_around_its_length() {
        let pause = Duration::from_secs(1);
        let pauses: Vec<_> = (0..1_000).map(|chance| jittered(pause, chance)).collect();
        assert!(pauses.iter().all(|p| (750..=1_250).contains(&p.as_millis())), "{pauses:?}");
        let early = pauses.iter().filter(|p| **p < pause).count();
        assert!((400..600).contains(&early), "{early}");
        assert_ne!(seed(), seed());
    }
}
