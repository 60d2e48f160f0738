//! Numbers that look random and are the same for the same seed, on every machine and for ever.

/// splitmix64 (Steele, Lea, Flood 2014): a counter stepped by the golden ratio, then mixed.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// The numbers that belong to one thing, named by `path`: no other thing's draws move them.
    pub(super) fn at(seed: u64, path: [u64; 3]) -> Self {
        path.iter().fold(Self(seed), |mut rng, &step| Self(rng.next().wrapping_add(step)))
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; 0 where the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let scaled = (u128::from(self.next()) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or(0)
    }

    /// A number in `from..=to`.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        debug_assert!(from <= to, "an empty range");
        from + self.below(to - from + 1)
    }

    /// True `thousandths` times in a thousand.
    pub(super) fn chance(&mut self, thousandths: u64) -> bool {
        self.below(1000) < thousandths
    }

    /// A second of the day between two others.
    pub(super) fn second(&mut self, from: u32, to: u32) -> u32 {
        u32::try_from(self.between(u64::from(from), u64::from(to))).unwrap_or(from)
    }
}
