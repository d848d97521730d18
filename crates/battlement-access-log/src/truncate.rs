//! Truncation of values that a client chooses.

/// The longest value that is recorded, in bytes.
pub(crate) const LONGEST: usize = 2048;

/// Returns the first bytes of `value`, at most `longest`, and whether it was cut. A character of UTF-8 stays whole.
pub(crate) fn cut(value: &[u8], longest: usize) -> (&[u8], bool) {
    if value.len() <= longest {
        return (value, false);
    }
    // A character has at most 4 bytes; what is longer is not UTF-8 and can be cut anywhere.
    let starts = |at: &usize| value.get(*at).is_some_and(|byte| byte & 0xc0 != 0x80);
    let end = (longest.saturating_sub(3)..=longest).rev().find(starts).unwrap_or(longest);
    (value.get(..end).unwrap_or(value), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_is_cut_between_characters(text in any::<String>(), longest in 4_usize..40) {
            let (start, is_cut) = cut(text.as_bytes(), longest);
            prop_assert!(text.starts_with(str::from_utf8(start).unwrap()));
            prop_assert!(start.len() <= longest);
            prop_assert_eq!(is_cut, text.len() > longest);
            prop_assert!(!is_cut || start.len() + 4 > longest);
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_cut_at_the_limit() {
        assert_eq!(cut(&[0x80; 9], 5), (&[0x80; 5][..], true));
    }
}
