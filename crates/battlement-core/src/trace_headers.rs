use std::{fmt, sync::Arc};

use http::{HeaderValue, header::GetAll};

/// The byte that ends a value; a header value cannot contain it.
const LINE_END: u8 = b'\n';

/// The values of `traceparent` and `tracestate` as a caller sent them, for calls that pass them on unchanged.
///
/// The copy is one allocation, which clones share, and does not keep the buffer of the request alive.
#[derive(Clone, PartialEq, Eq)]
pub struct TraceHeaders(Arc<[u8]>);

impl TraceHeaders {
    /// Copies the value of `traceparent`, and those of `tracestate` in their order.
    #[must_use]
    pub fn copied(parent: &HeaderValue, states: Option<&GetAll<'_, HeaderValue>>) -> Self {
        let states = || states.into_iter().flatten();
        let len: usize = states().map(|state| state.len() + 1).sum();
        let mut lines = Vec::with_capacity(parent.len() + len);
        lines.extend_from_slice(parent.as_bytes());
        for state in states() {
            lines.push(LINE_END);
            lines.extend_from_slice(state.as_bytes());
        }
        Self(lines.into())
    }

    /// Returns the value of `traceparent`.
    #[must_use]
    pub fn parent(&self) -> Option<HeaderValue> {
        self.values().next()
    }

    /// Returns the values of `tracestate`, in their order.
    pub fn states(&self) -> impl Iterator<Item = HeaderValue> {
        self.values().skip(1)
    }

    fn values(&self) -> impl Iterator<Item = HeaderValue> {
        let lines = self.0.split(|byte| *byte == LINE_END);
        lines.filter_map(|line| HeaderValue::from_bytes(line).ok())
    }
}

impl fmt::Debug for TraceHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    fn value(bytes: &[u8]) -> HeaderValue {
        HeaderValue::from_bytes(bytes).unwrap()
    }

    fn copied(parent: &HeaderValue, states: &[HeaderValue]) -> TraceHeaders {
        let mut headers = HeaderMap::new();
        for state in states {
            headers.append("tracestate", state.clone());
        }
        TraceHeaders::copied(parent, Some(&headers.get_all("tracestate")))
    }

    #[test]
    fn an_empty_state_is_a_value_and_no_state_is_none() {
        let none = copied(&value(b"parent"), &[]);
        assert_eq!((none.parent(), none.states().count()), (Some(value(b"parent")), 0));
        let empty = copied(&value(b""), &[value(b"")]);
        assert_eq!(empty.states().collect::<Vec<_>>(), [value(b"")]);
        assert_eq!(format!("{empty:?}"), r#"["", ""]"#);
    }

    proptest! {
        #[test]
        fn every_value_is_decoded_to_the_original(
            values in prop::collection::vec("[\t -~\u{80}-\u{ff}]{0,20}", 1..5),
        ) {
            let values: Vec<_> = values.iter().map(|text| value(text.as_bytes())).collect();
            let headers = copied(&values[0], &values[1..]);
            let back: Vec<_> = headers.parent().into_iter().chain(headers.states()).collect();
            prop_assert_eq!(back, values);
        }
    }
}
