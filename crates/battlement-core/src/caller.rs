use http::{HeaderMap, Method, Request, Version, header};

use crate::{Wire, content_length::declared};

/// The longest declared body, in bytes, that may stay unread without closing the connection.
///
/// The size of the buffer into which hyper first reads a request. hyper drains a body that arrived there with the
/// head, and keeps the connection; with a longer body it closes the connection.
const DRAINED: u64 = 8 * 1024;

/// The properties of a request's sender that a response depends on: the format that it reads, and whether its
/// connection closes after the response.
///
/// A response that precedes the end of the request body makes an HTTP/1 server close the connection, unless the body
/// is so small that it arrived with the head. A client that is not informed sends its next request into the closed
/// connection and loses it. So [`Answer`](crate::Answer) carries `Connection: close` over HTTP/1 if the request
/// declares a body of more than 8 KiB or of unknown length. Smaller bodies leave the connection open, so that
/// rejecting a flood of small requests costs no handshakes. Over HTTP/2 and HTTP/3 a stream ends by itself.
///
/// # Example
///
/// ```
/// use battlement_core::Caller;
/// use http::Request;
///
/// let upload = Request::post("/photos").header("content-length", "60000").body(()).unwrap();
/// assert!(Caller::of(&upload).closes());
/// let order = Request::post("/orders").header("content-length", "300").body(()).unwrap();
/// assert!(!Caller::of(&order).closes());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caller {
    wire: Wire,
    closes: bool,
}

impl Caller {
    /// Creates a caller that reads `wire`, and whose connection `closes` after a response that leaves the body unread.
    #[must_use]
    pub const fn new(wire: Wire, closes: bool) -> Self {
        Self { wire, closes }
    }

    /// Reads the method, the version and the headers of `request`.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::of_head(request.method(), request.version(), request.headers())
    }

    /// Reads the head of a request of which only parts are available.
    #[must_use]
    pub fn of_head(method: &Method, version: Version, headers: &HeaderMap) -> Self {
        let wire = Wire::of_request(method, headers);
        Self { wire, closes: leaves_much_unread(version, headers) }
    }

    /// Reads what an answer needs that may come after the service has taken the request, at less cost than
    /// [`of`](Self::of).
    ///
    /// No length is looked up: an HTTP/1 connection closes after the answer to any request but GET and HEAD, which have
    /// no body as a rule. Such an answer is rare, since the service was called, and a new connection costs little
    /// beside it.
    #[must_use]
    #[inline]
    pub fn of_late<B>(request: &Request<B>) -> Self {
        let may_have_body = !matches!(*request.method(), Method::GET | Method::HEAD);
        let wire = Wire::of_request(request.method(), request.headers());
        Self { wire, closes: may_have_body && request.version() <= Version::HTTP_11 }
    }

    /// Returns the caller of a request whose body stalled and is abandoned: an HTTP/1 connection closes after the
    /// response, whatever length the body has declared.
    #[must_use]
    pub fn stalled(mut self, version: Version) -> Self {
        self.closes |= version <= Version::HTTP_11;
        self
    }

    /// Returns the format of the response.
    #[must_use]
    pub const fn wire(self) -> Wire {
        self.wire
    }

    /// Returns whether the connection closes after a response that leaves the body unread.
    #[must_use]
    pub const fn closes(self) -> bool {
        self.closes
    }
}

/// Returns whether the declared body is large; a length that is not a number counts as large.
fn leaves_much_unread(version: Version, headers: &HeaderMap) -> bool {
    let is_large = |value| declared(value).is_none_or(|length| length > DRAINED);
    version <= Version::HTTP_11
        && (headers.contains_key(header::TRANSFER_ENCODING)
            || headers.get_all(header::CONTENT_LENGTH).iter().any(is_large))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn closes(version: Version, headers: &[(&'static str, String)]) -> bool {
        let mut request = Request::post("/").version(version);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        Caller::of(&request.body(()).unwrap()).closes()
    }

    proptest! {
        #[test]
        fn a_declared_body_of_more_than_8_kib_closes_an_http1_connection(
            length in prop_oneof![0_u64..20_000, any::<u64>()],
        ) {
            let declared = [("content-length", length.to_string())];
            for version in [Version::HTTP_10, Version::HTTP_11] {
                prop_assert_eq!(closes(version, &declared), length > 8192);
            }
            for version in [Version::HTTP_2, Version::HTTP_3] {
                prop_assert!(!closes(version, &declared));
            }
        }
    }

    #[test]
    fn a_body_of_unknown_length_closes_an_http1_connection() {
        let chunked = || ("transfer-encoding", "chunked".to_owned());
        assert!(closes(Version::HTTP_11, &[chunked()]));
        assert!(closes(Version::HTTP_11, &[("content-length", "3".to_owned()), chunked()]));
        for length in ["a few", "-1", "3, 60000", "18446744073709551616"] {
            assert!(closes(Version::HTTP_11, &[("content-length", length.to_owned())]), "{length}");
        }
        let twice = [("content-length", "3".to_owned()), ("content-length", "60000".to_owned())];
        assert!(closes(Version::HTTP_11, &twice));
    }

    #[test]
    fn a_request_that_is_not_a_post_is_answered_over_http_whatever_its_content_type() {
        for (method, is_grpc) in [("POST", true), ("PUT", false), ("GET", false), ("PRI", false)] {
            let request = Request::builder().method(method).uri("/shop.Orders/Place");
            let request = request.header("content-type", "application/grpc").body(()).unwrap();
            assert_eq!(Caller::of(&request).wire().is_grpc(), is_grpc, "{method}");
        }
    }

    #[test]
    fn a_late_answer_closes_an_http1_connection_whose_request_may_have_a_body() {
        for (method, version, closes) in [
            ("GET", Version::HTTP_11, false),
            ("HEAD", Version::HTTP_11, false),
            ("POST", Version::HTTP_11, true),
            ("PUT", Version::HTTP_10, true),
            ("POST", Version::HTTP_2, false),
        ] {
            let request = Request::builder().method(method).version(version).body(()).unwrap();
            assert_eq!(Caller::of_late(&request).closes(), closes, "{method} {version:?}");
        }
        let grpc = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
        assert!(Caller::of_late(&grpc).wire().is_grpc());
    }

    #[test]
    fn a_body_that_stalled_closes_an_http1_connection() {
        for (version, closes) in
            [(Version::HTTP_10, true), (Version::HTTP_11, true), (Version::HTTP_2, false)]
        {
            assert_eq!(Caller::default().stalled(version).closes(), closes);
        }
    }

    #[test]
    fn a_request_without_a_body_leaves_the_connection_open() {
        assert!(!closes(Version::HTTP_11, &[]));
    }
}
