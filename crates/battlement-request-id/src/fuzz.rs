//! The parsers of W3C Trace Context, which only the fuzz targets call directly.

use std::sync::Arc;

use crate::{Trace, w3c};

/// Parses a `traceparent` header.
pub fn parse_traceparent(value: &[u8]) -> Option<Trace> {
    w3c::parse_traceparent(value)
}

/// Joins the lines of a `tracestate` header.
pub fn combine_tracestate<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Option<Arc<str>> {
    w3c::combine_tracestate(lines)
}
