use std::borrow::Cow;

use http::StatusCode;

/// The status phrase, or what to say where the registry has none.
pub(super) fn phrase(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// The status phrase as a word for programs: `not_found`.
pub(super) fn code(status: StatusCode) -> Cow<'static, str> {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        return Cow::Borrowed("internal");
    }
    let lower =
        |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
    Cow::Owned(phrase(status).chars().filter(|char| *char != '\'').map(lower).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_word() {
        for status in (400..=599).filter_map(|number| StatusCode::from_u16(number).ok()) {
            let code = code(status);
            assert!(code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()), "{code}");
        }
        assert_eq!(code(StatusCode::IM_A_TEAPOT), "im_a_teapot");
        assert_eq!(code(StatusCode::METHOD_NOT_ALLOWED), "method_not_allowed");
    }
}
