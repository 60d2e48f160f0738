use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_was_packed_is_unpacked(
        int: u64, signed: i64, text in ".{0,40}", flag: bool,
        day in proptest::option::of(any::<u16>()), maybe in proptest::option::of(".{0,9}"),
    ) {
        let mut bytes = Vec::new();
        let mut packer = Packer(&mut bytes);
        packer.int(int);
        packer.signed(signed);
        packer.text(&text);
        packer.flag(flag);
        packer.day(day.map(Day::from_number));
        packer.optional_text(maybe.as_deref());
        let mut unpacker = Unpacker(&bytes);
        prop_assert_eq!(unpacker.int(), Some(int));
        prop_assert_eq!(unpacker.signed(), Some(signed));
        prop_assert_eq!(unpacker.text(), Some(text.as_str()));
        prop_assert_eq!(unpacker.flag(), Some(flag));
        prop_assert_eq!(unpacker.day(), Some(day.map(Day::from_number)));
        prop_assert_eq!(unpacker.optional_text(), Some(maybe.as_deref()));
        prop_assert!(unpacker.is_empty());
    }

    #[test]
    fn damaged_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let mut unpacker = Unpacker(&bytes);
        while unpacker.text().is_some() {}
        let mut unpacker = Unpacker(&bytes);
        while unpacker.day().is_some() && unpacker.optional_text().is_some() {}
    }
}
