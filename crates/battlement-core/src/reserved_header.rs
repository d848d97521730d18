use http::HeaderName;

/// Returns whether HTTP or a protocol on top of it defines a header, so that settings must not use it for an id or the
/// like.
///
/// These are the fields that frame a message (`content-length`, `transfer-encoding`), that concern one connection
/// (`connection`, `upgrade`), that HTTP and its extensions define (RFC 9110, 9111, 6265, CORS, Fetch, security
/// headers), and those of gRPC. An id in one of them would break responses, or proxied requests.
///
/// # Example
///
/// ```
/// use battlement_core::is_reserved_header;
/// use http::{HeaderName, header};
///
/// assert!(is_reserved_header(&header::CONTENT_LENGTH));
/// assert!(!is_reserved_header(&HeaderName::from_static("x-request-id")));
/// ```
#[must_use]
pub fn is_reserved_header(name: &HeaderName) -> bool {
    let name = name.as_str();
    NAMES.binary_search(&name).is_ok() || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The prefixes of names that are all reserved, or easily mistaken for a reserved name.
const PREFIXES: [&str; 8] = [
    "accept",
    "access-control-",
    "content-",
    "cross-origin-",
    "grpc-",
    "if-",
    "sec-",
    "set-cookie",
];

/// The other names, sorted.
const NAMES: [&str; 69] = [
    "age",
    "allow",
    "alt-svc",
    "alt-used",
    "authentication-info",
    "authorization",
    "cache-control",
    "cache-status",
    "clear-site-data",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "early-data",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "nel",
    "origin",
    "origin-agent-cluster",
    "permissions-policy",
    "pragma",
    "prefer",
    "preference-applied",
    "priority",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "proxy-status",
    "range",
    "referer",
    "referrer-policy",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "retry-after",
    "server",
    "server-timing",
    "service-worker",
    "service-worker-allowed",
    "sourcemap",
    "strict-transport-security",
    "te",
    "timing-allow-origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-frame-options",
    "x-permitted-cross-domain-policies",
    "x-xss-protection",
];

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn the_names_are_sorted() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn headers_that_frame_a_message_or_concern_its_connection_are_reserved() {
        let names = [
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::DATE,
            header::HOST,
            header::SET_COOKIE,
            header::TE,
            header::TRAILER,
            header::TRANSFER_ENCODING,
            header::UPGRADE,
        ];
        for name in names {
            assert!(is_reserved_header(&name), "{name}");
        }
    }

    #[test]
    fn common_headers_for_ids_and_addresses_are_not_reserved() {
        let names = [
            "x-request-id",
            "x-correlation-id",
            "request-id",
            "correlation-id",
            "x-amzn-trace-id",
            "x-cloud-trace-context",
            "x-b3-traceid",
            "cf-ray",
            "cf-connecting-ip",
            "true-client-ip",
            "fly-client-ip",
            "x-real-ip",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "client-ip",
            "idempotency-key",
            "x-id",
        ];
        for name in names {
            assert!(!is_reserved_header(&HeaderName::from_static(name)), "{name}");
        }
    }
}
