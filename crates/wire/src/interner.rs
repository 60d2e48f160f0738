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

/// From the length and the ends of the text, where codes of one list differ; who knows it can make
/// texts collide, and gains nothing.
fn place(text: &str) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let bytes = text.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (0, bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))),
    };
    let length = u64::try_from(bytes.len()).unwrap_or(0);
    let mixed = (first.rotate_left(32) ^ last ^ length).wrapping_mul(ODD);
    usize::try_from(mixed >> 48).unwrap_or(0) & (SLOTS - 1)
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
