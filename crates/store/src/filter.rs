//! A filter over the keys of a run: "surely not here", or "look".
//!
//! A split-block filter with blocks of 512 bits, a cache line: one bit in each of the eight 64-bit
//! lanes of one block. At 18 bits a key about one absent key in two thousand passes. Keys are uniform
//! hashes, so their own bits choose the block and the lanes' bits; the uppermost bits are left out,
//! because all keys of a run deep in the trie have them in common.

const BITS_PER_KEY: usize = 18;
const BLOCK_BITS: usize = 512;
const BLOCK_BYTES: usize = 64;

type Block = [u64; 8];

/// Keys that may be in a run.
#[derive(Debug)]
pub(crate) struct Filter(Box<[Block]>);

impl Filter {
    pub(crate) fn of(keys: &[u128]) -> Self {
        let blocks = (keys.len() * BITS_PER_KEY).div_ceil(BLOCK_BITS).max(1);
        let mut filter = Self(vec![[0; 8]; blocks].into_boxed_slice());
        for key in keys {
            let at = filter.block_of(*key);
            if let Some(block) = filter.0.get_mut(at) {
                for (lane, shift) in block.iter_mut().zip(shifts(*key)) {
                    *lane |= 1 << shift;
                }
            }
        }
        filter
    }

    #[inline]
    pub(crate) fn may_contain(&self, key: u128) -> bool {
        match self.0.get(self.block_of(key)) {
            // No early end: a wrong guess of the processor costs more than all eight lanes.
            Some(block) => {
                block.iter().zip(shifts(key)).fold(1, |all, (lane, shift)| all & (lane >> shift))
                    == 1
            }
            None => true,
        }
    }

    /// Bits 64–95 of the key, scaled to the number of blocks.
    #[inline]
    fn block_of(&self, key: u128) -> usize {
        let fraction = (key >> 64) & u128::from(u32::MAX);
        let blocks = u128::try_from(self.0.len()).unwrap_or(1);
        usize::try_from((fraction * blocks) >> 32).unwrap_or(0)
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        for lane in self.0.iter().flatten() {
            bytes.extend_from_slice(&lane.to_le_bytes());
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK_BYTES) {
            return None;
        }
        let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
        let read = |block: &[u8; BLOCK_BYTES]| {
            let mut lanes = [0; 8];
            let (words, _) = block.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = u64::from_le_bytes(*word);
            }
            lanes
        };
        Some(Self(blocks.iter().map(read).collect()))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.len() * BLOCK_BYTES
    }
}

/// The bit of each lane, from the key's lower bits, six for each.
#[inline]
fn shifts(key: u128) -> impl Iterator<Item = u64> {
    let low = u64::try_from(key & u128::from(u64::MAX)).unwrap_or_default();
    (0..8_u32).map(move |lane| (low >> (lane * 6)) & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: u64, salt: u64) -> Vec<u128> {
        let mut state = salt;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            u128::from(z ^ (z >> 31))
        };
        (0..count).map(|_| next() << 64 | next()).collect()
    }

    #[test]
    fn all_that_is_in_passes_and_little_else() {
        let inside = keys(20_000, 1);
        let mut bytes = Vec::new();
        Filter::of(&inside).write(&mut bytes);
        let filter = Filter::read(&bytes).unwrap();
        assert!(inside.iter().all(|key| filter.may_contain(*key)));
        let passed = keys(100_000, 2).iter().filter(|key| filter.may_contain(**key)).count();
        assert!(passed < 300, "{passed} of 100,000 absent keys passed");
    }
}
