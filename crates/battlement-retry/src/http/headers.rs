use http::{HeaderMap, HeaderName, HeaderValue};

use crate::idempotency::Fields;

/// The headers of a request, kept for further attempts.
///
/// A list takes one allocation, and about half of the instructions that the copy of a map takes. The map is built only
/// if another attempt follows.
pub(super) struct KeptHeaders(Box<[(HeaderName, HeaderValue)]>);

impl KeptHeaders {
    #[inline]
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut kept = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            kept.push((name.clone(), value.clone()));
        }
        Self(kept.into_boxed_slice())
    }

    /// Returns the map as it was: with the values of each name, and the names, in their order.
    pub(super) fn to_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.0.len());
        for (name, value) in &self.0 {
            headers.append(name, value.clone());
        }
        headers
    }
}

impl Fields for KeptHeaders {
    fn field(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.iter().find(|(kept, _)| kept == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, HOST, SET_COOKIE};

    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(HOST, "shop"), (SET_COOKIE, "a"), (ACCEPT, "*/*"), (SET_COOKIE, "b")]
        {
            headers.append(name, HeaderValue::from_static(value));
        }
        let mut secret = HeaderValue::from_static("secret");
        secret.set_sensitive(true);
        headers.append("x-key", secret);
        headers
    }

    #[test]
    fn the_map_of_another_attempt_is_that_of_the_first_one() {
        let (headers, again) = (headers(), KeptHeaders::of(&headers()).to_map());
        assert_eq!(again, headers);
        assert!(again.iter().eq(&headers), "in another order: {again:?}");
        assert!(again["x-key"].is_sensitive());
        assert_eq!(KeptHeaders::of(&HeaderMap::new()).to_map(), HeaderMap::new());
    }

    #[test]
    fn a_field_is_the_first_value_of_its_name() {
        let (headers, kept) = (headers(), KeptHeaders::of(&headers()));
        for name in [HOST, SET_COOKIE, HeaderName::from_static("x-key"), http::header::AGE] {
            assert_eq!(kept.field(&name), headers.get(&name), "{name}");
        }
    }
}
