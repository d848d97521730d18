use std::ops::RangeInclusive;

use battlement_core::is_reserved_header;
use http::HeaderName;

use super::{InvalidField, RequestSpan, TraceContext, Untrusted};
use crate::{Generator, Trust, w3c};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const X_CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The default minimum length of an accepted id, in bytes.
pub(crate) const MIN_LEN: usize = 8;
/// The maximum length of an id, in bytes.
pub(crate) const MAX_LEN: usize = 128;

/// The checked settings of a [`RequestIdLayer`](crate::RequestIdLayer).
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) header: HeaderName,
    pub(crate) trust: Trust,
    pub(crate) trust_trace: Option<Trust>,
    pub(crate) accept_length: Option<RangeInclusive<usize>>,
    pub(crate) generator: Generator,
    pub(crate) correlation: Option<HeaderName>,
    pub(crate) trace: TraceContext,
    pub(crate) untrusted: Untrusted,
    pub(crate) sample_new_traces: bool,
    pub(crate) span: RequestSpan,
    pub(crate) echo: bool,
    pub(crate) rewrite_request: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            header: X_REQUEST_ID,
            trust: Trust::default(),
            trust_trace: None,
            accept_length: None,
            generator: Generator::default(),
            correlation: None,
            trace: TraceContext::default(),
            untrusted: Untrusted::default(),
            sample_new_traces: false,
            span: RequestSpan::default(),
            echo: true,
            rewrite_request: false,
        }
    }
}

impl Config {
    /// Returns every invalid setting.
    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut invalid_fields = Vec::new();
        let mut refuse =
            |field, message: String| invalid_fields.push(InvalidField::new(field, message));
        if let Some(message) = refused_header(&self.header) {
            refuse("header", message);
        }
        if let Some((min, max)) =
            self.accept_length.as_ref().map(|range| (*range.start(), *range.end()))
            && (min == 0 || max > MAX_LEN || min > max)
        {
            refuse(
                "accept_length",
                format!(
                    "must be an ascending range within 1 to {MAX_LEN} bytes, got {min} to {max}"
                ),
            );
        }
        if let Some(name) = &self.correlation {
            if *name == self.header {
                refuse(
                    "correlation",
                    format!("must differ from the header of the request id, got {name}"),
                );
            } else if let Some(message) = refused_header(name) {
                refuse("correlation", message);
            }
        }
        invalid_fields
    }
}

/// Returns why an id cannot have `name` as its header, if it cannot.
pub(crate) fn refused_header(name: &HeaderName) -> Option<String> {
    let owner = if *name == w3c::TRACEPARENT || *name == w3c::TRACESTATE {
        "trace context"
    } else if is_reserved_header(name) {
        "HTTP"
    } else {
        return None;
    };
    Some(format!(
        "must be a header that {owner} does not define, got `{name}`; use a header such as x-request-id"
    ))
}
