use http::{HeaderMap, HeaderName, StatusCode, header};

/// Headers that describe the body of a response, and would be wrong for its replacement.
const ABOUT_THE_BODY: [HeaderName; 12] = [
    header::CONTENT_DISPOSITION,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    header::TRAILER,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    // The predecessors of the digest fields (RFC 3230, RFC 1864).
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
    header::CONTENT_RANGE,
];

/// Removes the headers that describe the body of a response with `status`, before that body is replaced.
///
/// Headers in `own` were set for the new body and are restored. The `Content-Range` of a 416 states the length of the
/// whole representation (RFC 9110, section 14.4) and stays.
pub(crate) fn remove_metadata(headers: &mut HeaderMap, status: StatusCode, own: &HeaderMap) {
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_ENCODING);
    for name in ABOUT_THE_BODY {
        if name == header::CONTENT_RANGE && status == StatusCode::RANGE_NOT_SATISFIABLE {
            continue;
        }
        headers.remove(&name);
        for value in own.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
}
