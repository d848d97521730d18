//! W3C Trace Context, level 2: strict parsers of both headers.

mod received;
mod traceparent;
mod tracestate;

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use self::{
    received::{received, received_headers},
    traceparent::parse_traceparent,
    tracestate::combine_tracestate,
};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(crate) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Returns the only value of a header; `None` without one, or with several, whose writers are unknown.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let value = headers.get(name)?;
    // No header is repeated if there are as many names as values.
    let is_single =
        headers.keys_len() == headers.len() || headers.get_all(name).iter().nth(1).is_none();
    is_single.then_some(value)
}

/// Trims the optional whitespace around a field value (RFC 9110, section 5.6.3).
fn trim_ows(value: &[u8]) -> &[u8] {
    let is_ows = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_ows(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_ows(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}
