use battlement_core::{self as core, RequestId, RetryAfter, TrailersOnly};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response::Parts};

use crate::{
    Document, Expose, Problem, ResponseBody, Untouched, chain, config::Config,
    replaced::remove_metadata, request_context::RequestContext,
};

/// Writes the response to one request, in the format that its caller accepts.
#[derive(Clone, Copy)]
pub(crate) struct Answerer<'a> {
    pub(crate) config: &'a Config,
    pub(crate) request: &'a RequestContext,
}

impl Answerer<'_> {
    /// Responds with the head of a response, without the headers that describe its body.
    pub(crate) fn rewrite<B>(
        self,
        mut parts: Parts,
        problem: &Problem,
    ) -> Response<ResponseBody<B>> {
        remove_metadata(&mut parts.headers, parts.status, problem.headers());
        // A second problem layer further out does not change the response.
        parts.extensions.insert(Untouched);
        let no_store = HeaderValue::from_static("no-store");
        parts.headers.entry(header::CACHE_CONTROL).or_insert(no_store);
        let body = if self.request.caller.wire().is_grpc() {
            self.grpc(&mut parts, problem)
        } else {
            self.http(&mut parts.headers, problem)
        };
        Response::from_parts(parts, ResponseBody::own(body))
    }

    fn grpc<B>(self, parts: &mut Parts, problem: &Problem) -> core::ResponseBody<B> {
        let document = self.document(problem);
        let message = document.detail().unwrap_or_else(|| document.title());
        parts.status = StatusCode::OK;
        parts.headers.insert(header::CONTENT_TYPE, self.request.caller.wire().content_type());
        let pushback = RetryAfter::from_headers(&parts.headers).map(|wait| wait.0);
        TrailersOnly::new(problem.grpc(), message).pushback(pushback).write(&mut parts.headers);
        core::ResponseBody::empty()
    }

    fn http<B>(self, headers: &mut HeaderMap, problem: &Problem) -> core::ResponseBody<B> {
        let (content_type, bytes) = self.document(problem).render(self.request.format());
        headers.insert(header::CONTENT_TYPE, content_type);
        vary_by_accept(headers);
        if self.request.is_head {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            return core::ResponseBody::empty();
        }
        core::ResponseBody::own(bytes)
    }

    fn document<'b>(self, problem: &'b Problem) -> Document<'b>
    where
        Self: 'b,
    {
        let causes = match (self.config.expose, problem.cause()) {
            (Expose::Causes, Some(cause)) => chain::texts(cause),
            _ => Vec::new(),
        };
        Document::of(problem)
            .types_at(self.config.types_at.as_deref())
            .request_id(self.request.id().map(RequestId::as_str))
            .causes(causes)
    }
}

/// Adds `Vary: Accept`, so that a cache does not serve one caller's format to another (RFC 9110, section 12.5.5).
fn vary_by_accept(headers: &mut HeaderMap) {
    let varies = headers.get_all(header::VARY).iter().any(|value| {
        let names = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        names.into_iter().any(|name| name == b"*" || name.eq_ignore_ascii_case(b"accept"))
    });
    if !varies {
        headers.append(header::VARY, HeaderValue::from_static("accept"));
    }
}
