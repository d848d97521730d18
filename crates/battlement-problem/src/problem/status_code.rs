use std::borrow::Cow;

use http::StatusCode;

/// Returns the status phrase of IANA's registry, or `Error` if the status is not registered.
pub(super) fn phrase(status: StatusCode) -> &'static str {
    match status {
        // Renamed by RFC 9110; the `http` crate has the previous names.
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        _ => former_phrase(status),
    }
}

fn former_phrase(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// Returns the code of a status: its phrase in snake case, such as `not_found`. Programs compare the code, so it keeps
/// the original phrase of a status that was renamed.
pub(super) fn code(status: StatusCode) -> Cow<'static, str> {
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        return Cow::Borrowed("internal");
    }
    let lower =
        |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
    Cow::Owned(former_phrase(status).chars().filter(|char| *char != '\'').map(lower).collect())
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
