use http::{HeaderMap, HeaderValue, Method, header};

/// The format of a response, selected by the content type of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wire {
    /// Plain HTTP.
    #[default]
    Http,
    /// A gRPC status.
    Grpc,
    /// A gRPC status in the framing of gRPC-Web.
    GrpcWeb,
}

const GRPC: &[u8] = b"application/grpc";
const WEB: &[u8] = b"-web";
const TEXT: &[u8] = b"-text";

impl Wire {
    /// Reads the content type of a request or of a response.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        headers.get(header::CONTENT_TYPE).map_or(Self::Http, Self::of_content_type)
    }

    /// Reads a content type, for headers that are not in a map.
    #[must_use]
    pub fn of_content_type(value: &HeaderValue) -> Self {
        Self::parse(value.as_bytes())
    }

    /// Reads the content type of a request. gRPC requests are POST; any other method is plain HTTP, whatever its
    /// content type says, and its headers are not read.
    #[inline]
    #[must_use]
    pub fn of_request(method: &Method, headers: &HeaderMap) -> Self {
        if method == Method::POST { Self::of(headers) } else { Self::Http }
    }

    fn parse(value: &[u8]) -> Self {
        let Some(rest) = strip(value, GRPC) else {
            return Self::Http;
        };
        let (wire, rest) = match strip(rest, WEB) {
            Some(rest) => (Self::GrpcWeb, strip(rest, TEXT).unwrap_or(rest)),
            None => (Self::Grpc, rest),
        };
        match rest.first() {
            None | Some(b'+' | b';' | b' ' | b'\t') => wire,
            Some(_) => Self::Http,
        }
    }

    /// Returns whether the caller reads a gRPC status.
    #[must_use]
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcWeb)
    }

    /// Returns the content type of a response that a layer creates.
    #[must_use]
    pub const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Http => "application/problem+json",
            Self::Grpc => "application/grpc",
            Self::GrpcWeb => "application/grpc-web",
        })
    }
}

/// Returns whether a body of this content type is gRPC-Web in base64.
pub(crate) fn is_web_text(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let web = value.and_then(|value| strip(strip(value, GRPC)?, WEB));
    web.is_some_and(|rest| strip(rest, TEXT).is_some())
}

/// Strips a prefix regardless of case, as media types are compared (RFC 9110, section 8.3.1).
fn strip<'a>(value: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = value.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
