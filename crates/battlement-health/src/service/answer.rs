use battlement_core::Caller;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

use super::{
    config::Config,
    format::{Format, Negotiated, negotiate},
    page::{Extent, Page},
    paths::{Match, Target},
    query::Query,
    render::render,
};
use crate::Status;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const VARY: HeaderValue = HeaderValue::from_static("accept");
const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD");
/// The time after which a caller may ask again, in seconds. Another instance can answer at once.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Answers a request for a probe, or one for a path that is not one of a probe.
pub(super) fn answer<B>(
    config: &Config,
    request: &Request<B>,
    found: Option<Match<'_>>,
) -> Response<Bytes> {
    let mut response = match (found, request.method()) {
        (None, _) => not_found("404 page not found\n"),
        (Some(found), &(Method::GET | Method::HEAD)) => {
            let query = request.uri().query().map(Query::parse).unwrap_or_default();
            probe(config, found, &query, request.headers())
        }
        _ => not_allowed(),
    };
    if *request.method() == Method::HEAD {
        // The head as of a GET. HTTP/2 would send a body that is there.
        let length = std::mem::take(response.body_mut()).len();
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    if Caller::of(request).closes() {
        response.headers_mut().insert(header::CONNECTION, CLOSE);
    }
    response
}

fn probe(
    config: &Config,
    found: Match<'_>,
    query: &Query<'_>,
    headers: &HeaderMap,
) -> Response<Bytes> {
    let Match { target, label, check } = found;
    let Negotiated { format, content_type } = negotiate(config.format_of(target), query, headers);
    // No check is looked at for the answer that kubelets and balancers get nearly always.
    let is_short = format == Format::Text && check.is_none() && !query.is_verbose;
    if is_short && config.status(target) == Status::Pass {
        return response(StatusCode::OK, content_type, Bytes::from_static(b"ok"));
    }
    let mut checks = config.reports(target);
    let extent = match (check, target) {
        (Some(name), _) => {
            checks.retain(|check| check.name == name);
            Extent::Check
        }
        (None, Target::All) => Extent::All,
        (None, Target::Probe(_)) => Extent::Probe,
    };
    if checks.is_empty() {
        return not_found("unknown check\n");
    }
    let (details, process) = (config.details, config.process());
    let page = Page { label, checks: &checks, extent, query, details, process };
    let code = match page.status() {
        Status::Fail => StatusCode::SERVICE_UNAVAILABLE,
        Status::Pass | Status::Degraded => StatusCode::OK,
    };
    let mut response = response(code, content_type, render(format, &page));
    if code == StatusCode::SERVICE_UNAVAILABLE && config.health.is_draining() {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// Returns the answer for a path or a check that does not exist, which does not repeat its name.
fn not_found(text: &'static str) -> Response<Bytes> {
    response(StatusCode::NOT_FOUND, TEXT, Bytes::from_static(text.as_bytes()))
}

fn not_allowed() -> Response<Bytes> {
    let text = Bytes::from_static(b"method not allowed\n");
    let mut response = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, text);
    response.headers_mut().insert(header::ALLOW, ALLOW);
    response
}

fn response(code: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.reserve(6);
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::VARY, VARY);
    response
}
