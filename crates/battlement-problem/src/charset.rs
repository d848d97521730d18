use http::{HeaderMap, header};

/// Returns the text in `bytes`, the body of a response with these headers.
///
/// Text is read as UTF-8, a superset of ASCII. Returns `None` if it is not valid UTF-8, contains a NUL, as UTF-16
/// without a declaration does, or is declared in a charset that gives the bytes another meaning.
pub(crate) fn text<'a>(headers: &HeaderMap, bytes: &'a [u8]) -> Option<&'a str> {
    let is_readable = declared(headers).is_none_or(|charset| reads_as_utf_8(charset, bytes));
    let text = str::from_utf8(bytes).ok().filter(|text| is_readable && !text.contains('\0'))?;
    // A byte order mark is not part of the text.
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Returns the `charset` of the content type (RFC 9110, section 8.3.2).
fn declared(headers: &HeaderMap) -> Option<&[u8]> {
    let content_type = headers.get(header::CONTENT_TYPE)?.as_bytes();
    content_type.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.trim_ascii().split_at_checked("charset=".len())?;
        name.eq_ignore_ascii_case(b"charset=").then(|| unquoted(value))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    let inside = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    inside.unwrap_or(value)
}

/// Returns whether `bytes` in `charset` read the same as UTF-8. The older charsets of the web extend ASCII.
fn reads_as_utf_8(charset: &[u8], bytes: &[u8]) -> bool {
    let charset = charset.to_ascii_lowercase();
    match charset.as_slice() {
        b"utf-8" | b"utf8" => true,
        b"us-ascii" | b"ascii" => bytes.is_ascii(),
        older => {
            let has_ascii = older.starts_with(b"iso-8859-") || older.starts_with(b"windows-125");
            has_ascii && bytes.is_ascii()
        }
    }
}
