use battlement_core::{Trace, TraceHeaders};
use http::{HeaderMap, HeaderValue};

use super::{TRACEPARENT, TRACESTATE, only, parse_traceparent};

/// The maximum length of a `traceparent` that is passed on, in bytes. Version 00 has 55; a later version may add
/// fields.
const MAX_PARENT: usize = 512;
/// The maximum length of a `tracestate` that is passed on, in bytes, over all headers: 32 members of 513 bytes and
/// their commas, the longest valid list.
const MAX_STATE: usize = 32 * 513 + 31;

/// Reads the caller's trace, if there is a valid `traceparent`.
pub(crate) fn received(headers: &HeaderMap) -> Option<Trace> {
    parse_traceparent(only(headers, &TRACEPARENT)?.as_bytes())
}

/// Reads the caller's trace with its headers, for a service that passes them on unchanged.
pub(crate) fn received_headers(headers: &HeaderMap) -> Option<Trace> {
    let parent = only(headers, &TRACEPARENT).filter(|value| value.len() <= MAX_PARENT)?;
    let mut trace = parse_traceparent(parent.as_bytes())?;
    let states = headers.get_all(TRACESTATE);
    let fits = states.iter().map(HeaderValue::len).sum::<usize>() <= MAX_STATE;
    let states = Some(&states).filter(|states| fits && states.iter().next().is_some());
    if states.is_some() || !is_written_the_same(parent) {
        trace.headers = Some(TraceHeaders::copied(parent, states));
    }
    Some(trace)
}

/// Returns whether [`Trace::traceparent`] writes a valid header exactly as it was: version 00 with flags that level 2
/// defines.
fn is_written_the_same(parent: &HeaderValue) -> bool {
    let value = parent.as_bytes();
    value.len() == 55 && value.starts_with(b"00-") && matches!(value[53..], [b'0', b'0'..=b'3'])
}
