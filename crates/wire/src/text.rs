//! Text at the edge: Unicode normalisation form C, without control characters.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Whether every byte is printable ASCII: such a text is in normalisation form C, and has no
/// control characters.
pub(crate) fn is_plain(text: &str) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut odd = 0;
    let mut rest = text.as_bytes();
    while let Some((chunk, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The high bit is set, below 0x20 by the borrow, at 0x7f by the carry, and from 0x80 on.
        odd |= word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES);
        rest = tail;
    }
    odd & (ONES * 0x80) == 0 && rest.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Whether the letter is in normalisation form C beside any other such letter, and no control
/// character: those of Latin scripts, with which Vietnamese is written when it is composed.
const fn is_composed(letter: char) -> bool {
    matches!(letter, ' '..='~' | '\u{a0}'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}')
}

/// The text in normalisation form C.
fn nfc(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text;
    }
    Cow::Owned(text.nfc().collect())
}

/// The text in normalisation form C, and whether there is a control character in it.
#[inline]
pub(crate) fn clean(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    if is_plain(&text) || text.chars().all(is_composed) {
        return (text, false);
    }
    let text = nfc(text);
    let odd = text.chars().any(char::is_control);
    (text, odd)
}

/// Whether there is a control character in it: a line break, a tab, a NUL.
#[cfg(test)]
fn has_control(text: &str) -> bool {
    clean(Cow::Borrowed(text)).1
}

/// A procedure's national code: `1.012790.000.00.00.H41` → `1.012790`; any other code as it is.
pub(crate) fn national_procedure(code: &str) -> &str {
    let mut dots = code.char_indices().filter(|(_, letter)| *letter == '.').map(|(at, _)| at);
    let (Some(first), Some(second)) = (dots.next(), dots.next()) else { return code };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (code.get(..first), code.get(first + 1..second), code.get(..second)) {
        (Some(series), Some(number), Some(national))
            if digits(series) && digits(number) && number.len() == 6 =>
        {
            national
        }
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_suffix_goes() {
        for (code, national) in [
            ("1.005129", "1.005129"),
            ("1.012790.000.00.00.H41", "1.012790"),
            ("2.000815.H41", "2.000815"),
            ("BNV-NAN-288123", "BNV-NAN-288123"),
            ("1.2.3", "1.2.3"),
            ("a.012790.H41", "a.012790.H41"),
            ("", ""),
        ] {
            assert_eq!(national_procedure(code), national);
        }
    }

    #[test]
    fn plain_is_printable_ascii() {
        for byte in 0..=0x7f_u8 {
            for length in 1..20 {
                for place in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let text = String::from_utf8(bytes).unwrap();
                    let printable = byte == b' ' || byte.is_ascii_graphic();
                    assert_eq!(is_plain(&text), printable, "{text:?}");
                    assert_eq!(has_control(&text), byte.is_ascii_control(), "{text:?}");
                }
            }
        }
        assert!(!is_plain("12345678ở") && !is_plain("ở12345678"));
        assert!(has_control("\u{85}") && !has_control("ở"));
    }

    #[test]
    fn letters_that_are_not_looked_at_further_are_composed() {
        for letter in ('\0'..=char::MAX).filter(|letter| is_composed(*letter)) {
            assert!(!letter.is_control(), "{letter:?}");
            // Alone, and behind and before another one.
            for text in [format!("{letter}"), format!("o{letter}"), format!("{letter}o")] {
                assert_eq!(text.nfc().collect::<String>(), text);
                assert_eq!(is_nfc_quick(text.chars()), IsNormalized::Yes, "{text:?}");
            }
        }
        assert!("Sổ Nội vụ, QĐ-UBND".chars().all(is_composed));
        assert!(!is_composed('\u{323}') && !is_composed('\u{7f}') && !is_composed('\u{85}'));
    }

    #[test]
    fn decomposed_text_is_composed() {
        assert_eq!(nfc("So\u{302}\u{309}".into()), "Sổ");
        assert_eq!(nfc("Sổ".into()), "Sổ");
    }
}
