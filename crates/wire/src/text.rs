//! Text at the edge: Unicode normalisation form C, without control characters.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text in normalisation form C.
pub(crate) fn nfc(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text;
    }
    Cow::Owned(text.nfc().collect())
}

/// Whether there is a control character in it: a line break, a tab, a NUL.
pub(crate) fn has_control(text: &str) -> bool {
    // Counted and not searched: without a way out early it goes over many bytes at once.
    let ascii = text.bytes().filter(u8::is_ascii_control).count();
    ascii > 0 || (!text.is_ascii() && text.chars().any(char::is_control))
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
    fn decomposed_text_is_composed() {
        assert_eq!(nfc("So\u{302}\u{309}".into()), "Sổ");
        assert_eq!(nfc("Sổ".into()), "Sổ");
    }
}
