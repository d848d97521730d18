use std::{borrow::Cow, fmt::Write as _};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::{Caller, GrpcCode, Rejection, ResponseBody, RetryAfter, TrailersOnly};

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The answer of a layer that rejects a request.
///
/// A plain caller gets a small `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail` and
/// `code`; a gRPC caller gets a trailers-only status. Both carry the time to wait, if it is known, in `Retry-After` or
/// `grpc-retry-pushback-ms`. Neither may be cached. An HTTP/1 client whose large body is left unread gets `Connection:
/// close`; see [`Caller`]. The [`Rejection`] is in the extensions of the response.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_core::{Answer, Caller, Rejection, RejectionKind, ResponseBody};
/// use http_body_util::Full;
/// use bytes::Bytes;
///
/// let request = http::Request::new(());
/// let rejection = Rejection::new(RejectionKind::RateLimited).retry_in(Duration::from_millis(1200));
/// let response: http::Response<ResponseBody<Full<Bytes>>> = Answer::new(rejection).response(Caller::of(&request));
/// assert_eq!(response.status(), 429);
/// assert_eq!(response.headers()["retry-after"], "2");
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    rejection: Rejection,
    status: StatusCode,
    grpc_code: GrpcCode,
    type_uri: &'static str,
    detail: Cow<'static, str>,
    /// Members beyond those of every problem, as JSON, each preceded by a comma.
    more: String,
}

impl Answer {
    /// Creates the plain answer to `rejection`.
    #[must_use]
    pub const fn new(rejection: Rejection) -> Self {
        let detail = Cow::Borrowed(rejection.kind().message());
        let (status, grpc_code) = (rejection.kind().status(), rejection.kind().grpc_code());
        let type_uri = "about:blank";
        Self { rejection, status, grpc_code, type_uri, detail, more: String::new() }
    }

    /// Sets the HTTP status. Default: [`RejectionKind::status`](crate::RejectionKind::status). A gRPC caller does not
    /// get it.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Sets the gRPC status. Default: [`RejectionKind::grpc_code`](crate::RejectionKind::grpc_code). Only a gRPC caller
    /// gets it.
    #[must_use]
    pub const fn grpc_code(mut self, code: GrpcCode) -> Self {
        self.grpc_code = code;
        self
    }

    /// Sets the URI that names the type of the problem. Default: `about:blank`, as the status is sufficient.
    #[must_use]
    pub const fn type_uri(mut self, uri: &'static str) -> Self {
        self.type_uri = uri;
        self
    }

    /// Sets the text for the caller. Default: [`RejectionKind::message`](crate::RejectionKind::message).
    #[must_use]
    pub fn detail(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.detail = text.into();
        self
    }

    /// Adds a member that is a list of strings. A gRPC caller does not get it.
    #[must_use]
    pub fn list<'a>(
        mut self,
        name: &'static str,
        items: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.more.push(',');
        push_json(&mut self.more, name);
        self.more.push_str(":[");
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.more.push(',');
            }
            push_json(&mut self.more, item);
        }
        self.more.push(']');
        self
    }

    /// Writes the response for `caller`.
    #[must_use]
    pub fn response<B>(self, caller: Caller) -> Response<ResponseBody<B>> {
        let wire = caller.wire();
        let mut response = if wire.is_grpc() { self.grpc() } else { self.problem() };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, wire.content_type());
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        if caller.closes() {
            headers.insert(header::CONNECTION, CLOSE);
        }
        response.extensions_mut().insert(self.rejection);
        response
    }

    fn grpc<B>(&self) -> Response<ResponseBody<B>> {
        let mut response = Response::new(ResponseBody::empty());
        let headers = response.headers_mut();
        headers.reserve(5);
        TrailersOnly::new(self.grpc_code, &self.detail)
            .pushback(self.rejection.retry_after())
            .write(headers);
        response
    }

    fn problem<B>(&self) -> Response<ResponseBody<B>> {
        let mut response = Response::new(ResponseBody::own(self.json()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(4);
        if let Some(wait) = self.rejection.retry_after() {
            headers.insert(header::RETRY_AFTER, RetryAfter(wait).header_value());
        }
        response
    }

    fn json(&self) -> Bytes {
        let (status, kind) = (self.status, self.rejection.kind());
        let mut json = String::with_capacity(160 + self.detail.len() + self.more.len());
        json.push_str("{\"type\":");
        push_json(&mut json, self.type_uri);
        json.push_str(",\"title\":");
        push_json(&mut json, title(status));
        json.push_str(",\"status\":");
        json.push_str(status.as_str());
        json.push_str(",\"detail\":");
        push_json(&mut json, &self.detail);
        json.push_str(",\"code\":");
        push_json(&mut json, kind.as_str());
        json.push_str(&self.more);
        json.push('}');
        json.into()
    }
}

/// Returns the status phrase, which is the title of a problem of type `about:blank` (RFC 9457, section 4.2.1).
fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// Appends `text` as a JSON string (RFC 8259, section 7).
///
/// # Example
///
/// ```
/// let mut json = String::from("{\"name\":");
/// battlement_core::push_json(&mut json, "a \"b\"\n");
/// json.push('}');
/// assert_eq!(json, r#"{"name":"a \"b\"\u000a"}"#);
/// ```
pub fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if char < ' ' || char == '\u{7f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RejectionKind;

    proptest! {
        #[test]
        fn json_strings_read_back_as_they_were_written(text in any::<String>()) {
            let mut json = String::new();
            push_json(&mut json, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_a_code() {
        let json = Answer::new(Rejection::new(RejectionKind::Timeout)).json();
        let problem: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": "Gateway Timeout",
            "status": 504,
            "detail": "the request took too long",
            "code": "timeout",
        });
        assert_eq!(problem, expected);
    }

    #[test]
    fn a_grpc_caller_gets_the_code_that_was_set_and_another_caller_the_status() {
        let answer = || {
            Answer::new(Rejection::new(RejectionKind::Overloaded))
                .grpc_code(GrpcCode::ResourceExhausted)
        };
        let grpc = http::Request::post("/").header("content-type", "application/grpc").body(());
        let response: Response<ResponseBody<()>> = answer().response(Caller::of(&grpc.unwrap()));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-status"], "8");
        let response: Response<ResponseBody<()>> =
            answer().response(Caller::of(&http::Request::new(())));
        assert_eq!(response.status(), 503);
    }

    #[test]
    fn a_problem_has_the_lists_that_were_added() {
        let answer = Answer::new(Rejection::new(RejectionKind::RateLimited));
        let answer = answer.list("violated-policies", ["burst", "\"daily\""]).list("none", []);
        let problem: serde_json::Value = serde_json::from_slice(&answer.json()).unwrap();
        assert_eq!(problem["violated-policies"], serde_json::json!(["burst", "\"daily\""]));
        assert_eq!(problem["none"], serde_json::json!([]));
        assert_eq!(problem["code"], "rate_limited");
    }
}
