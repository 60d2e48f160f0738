//! Texts that come again and again, each allocated once.

use std::sync::Arc;

/// How many texts are remembered; a power of two.
const SLOTS: usize = 1_024;

const _: () = assert!(SLOTS.is_power_of_two());

/// A bounded memory of short texts: the last one of each slot. A text that is not remembered costs
/// an allocation, nothing else.
#[derive(Debug)]
pub(crate) struct Interner {
    slots: Vec<Option<Arc<str>>>,
}

impl Interner {
    pub(crate) fn new() -> Self {
        Self { slots: vec![None; SLOTS] }
    }

    /// The text, shared with the ones like it that came before.
    pub(crate) fn get(&mut self, text: &str) -> Arc<str> {
        let Some(slot) = self.slots.get_mut(place(text)) else { return Arc::from(text) };
        match slot {
            Some(known) if **known == *text => Arc::clone(known),
            _ => Arc::clone(slot.insert(Arc::from(text))),
        }
    }
}

/// FNV-1a over eight bytes at a time; who knows it can make texts collide, and gains nothing.
fn place(text: &str) -> usize {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = text.as_bytes();
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        hash = (hash ^ u64::from_le_bytes(*chunk)).wrapping_mul(PRIME);
        rest = tail;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    }
    usize::try_from((hash ^ (hash >> 32)) & u64::from(u16::MAX)).unwrap_or(0) & (SLOTS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_allocated_once_and_never_mistaken() {
        let mut interner = Interner::new();
        let first = interner.get("buu-chinh");
        assert!(Arc::ptr_eq(&first, &interner.get("buu-chinh")));
        for number in 0..5_000 {
            let text = number.to_string();
            assert_eq!(*interner.get(&text), *text);
        }
        assert_eq!(&*interner.get("buu-chinh"), "buu-chinh");
    }
}
