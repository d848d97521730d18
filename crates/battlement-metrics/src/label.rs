//! The labels that are disabled by default. A new label is added in this file alone: its variant, its name, its
//! values, and the selection of a value for a request. Its setting, its bits in a key and its text on the page are
//! derived.

use std::ops::Range;

use http::{Request, Version};

/// A label of HTTP requests and calls that is disabled by default, since each multiplies the number of series. Enabled
/// by [`HttpMetricsBuilder::labels`](crate::HttpMetricsBuilder::labels).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Label {
    /// The version of HTTP, such as `1.1` and `2`, as `network_protocol_version`.
    ProtocolVersion,
    /// A label of the tests: whether a request has a cookie.
    #[cfg(test)]
    HasCookie,
}

impl Label {
    const ALL: &[Self] = &[
        Self::ProtocolVersion,
        #[cfg(test)]
        Self::HasCookie,
    ];

    /// Returns the name on the page, as in OpenTelemetry's semantic conventions.
    const fn name(self) -> &'static str {
        match self {
            Self::ProtocolVersion => "network_protocol_version",
            #[cfg(test)]
            Self::HasCookie => "has_cookie",
        }
    }

    /// Returns all values.
    const fn values(self) -> &'static [&'static str] {
        match self {
            Self::ProtocolVersion => &["0.9", "1.0", "1.1", "2", "3"],
            #[cfg(test)]
            Self::HasCookie => &["false", "true"],
        }
    }

    /// Returns the index of a request's value.
    fn index<B>(self, request: &Request<B>) -> usize {
        match self {
            Self::ProtocolVersion => match request.version() {
                Version::HTTP_09 => 0,
                Version::HTTP_10 => 1,
                Version::HTTP_2 => 3,
                Version::HTTP_3 => 4,
                _ => 2,
            },
            #[cfg(test)]
            Self::HasCookie => usize::from(request.headers().contains_key("cookie")),
        }
    }

    /// Returns the indexes of the values with which series of known routes are created at 0.
    const fn created(self) -> Range<usize> {
        match self {
            // HTTP/0.9 has no status.
            Self::ProtocolVersion => 1..5,
            #[cfg(test)]
            Self::HasCookie => 0..2,
        }
    }

    /// Returns the number of bits in a key: 0 means that the label is disabled, and each value is its index plus one.
    const fn bits(self) -> u32 {
        usize::BITS - self.values().len().leading_zeros()
    }

    /// Returns the position of the first bit.
    const fn shift(self) -> u32 {
        let (mut at, mut shift) = (0, 0);
        while Self::ALL[at] as usize != self as usize {
            shift += Self::ALL[at].bits();
            at += 1;
        }
        shift
    }
}

/// The values of the labels of one series, packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelValues(pub(crate) u16);

/// The number of bits that a key has for all labels.
pub(crate) const BITS: u32 = 6;

const _: () = {
    let last = Label::ALL[Label::ALL.len() - 1];
    assert!(last.shift() + last.bits() <= BITS, "a key has no room for so many labels");
};

impl LabelValues {
    #[expect(clippy::cast_possible_truncation, reason = "an index has fewer bits than a key")]
    fn with(self, label: Label, index: usize) -> Self {
        let mask = ((1 << label.bits()) - 1) << label.shift();
        Self(self.0 & !mask | (index as u16 + 1) << label.shift())
    }

    /// Returns the name and the value of each enabled label.
    pub(crate) fn named(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        Label::ALL.iter().filter_map(move |label| {
            let number = usize::from(self.0 >> label.shift()) & ((1 << label.bits()) - 1);
            Some((label.name(), *label.values().get(number.checked_sub(1)?)?))
        })
    }
}

/// The labels that are enabled, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EnabledLabels(u16);

impl FromIterator<Label> for EnabledLabels {
    fn from_iter<I: IntoIterator<Item = Label>>(labels: I) -> Self {
        Self(labels.into_iter().fold(0, |bits, label| bits | 1 << label as u16))
    }
}

impl EnabledLabels {
    /// Returns whether any label is enabled.
    #[inline]
    pub(crate) const fn any(self) -> bool {
        self.0 != 0
    }

    fn iter(self) -> impl Iterator<Item = Label> {
        Label::ALL.iter().copied().filter(move |label| self.0 & 1 << *label as u16 != 0)
    }

    /// Returns the values of a request.
    #[inline(never)]
    pub(crate) fn of<B>(self, request: &Request<B>) -> LabelValues {
        self.iter().fold(LabelValues::default(), |all, label| all.with(label, label.index(request)))
    }

    /// Returns every combination of values with which the series of a known route are created.
    pub(crate) fn created(self) -> Vec<LabelValues> {
        self.iter().fold(vec![LabelValues::default()], |all, label| {
            let with_each = |one: LabelValues| label.created().map(move |at| one.with(label, at));
            all.into_iter().flat_map(with_each).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use http::{Method, Response};
    use http_body_util::Full;
    use proptest::prelude::*;
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;
    use crate::{Exposition, Format, HttpMetrics};

    proptest! {
        #[test]
        fn each_label_has_bits_of_its_own(version in 0..5_usize, cookie in 0..2_usize, twice: bool) {
            let mut values = LabelValues::default();
            for _ in 0..=u8::from(twice) {
                values = values.with(Label::HasCookie, cookie).with(Label::ProtocolVersion, version);
            }
            prop_assert!(values.0 < 1 << BITS);
            let named: Vec<_> = values.named().collect();
            prop_assert_eq!(named, [
                ("network_protocol_version", Label::ProtocolVersion.values()[version]),
                ("has_cookie", Label::HasCookie.values()[cookie]),
            ]);
        }
    }

    /// Checks that a label needs no other file: `HasCookie` is defined in this one alone.
    #[tokio::test]
    async fn a_label_that_is_defined_in_this_file_alone_is_switched_read_and_shown() {
        let builder = HttpMetrics::builder().labels([Label::HasCookie]);
        let metrics = builder.known_route(Method::GET, "/a").route_by(|_, _| Some("/a")).build();
        let service = service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let layer = metrics.server_layer();
        for request in [Request::get("/a"), Request::get("/a").header("cookie", "a=b")] {
            drop(layer.layer(service).oneshot(request.body(()).unwrap()).await.unwrap());
        }
        let page = Exposition::new().metrics(&metrics).render(Format::Text);
        for (scheme, status, error, counts) in
            [("http", 200, "", 1), ("https", 200, "", 0), ("http", 500, ",error_type=\"500\"", 0)]
        {
            for value in ["false", "true"] {
                let sample = format!(
                    "_count{{http_request_method=\"GET\",url_scheme=\"{scheme}\",http_response_status_code=\"{status}\",\
                     http_route=\"/a\"{error},has_cookie=\"{value}\"}} {counts}\n"
                );
                assert!(page.contains(&sample), "{sample} is missing: {page}");
            }
        }
    }

    #[test]
    fn a_label_that_is_not_enabled_has_no_value() {
        let request = Request::get("/").header("cookie", "a=b").body(()).unwrap();
        let enabled = EnabledLabels::from_iter([Label::ProtocolVersion]);
        assert_eq!(
            enabled.of(&request).named().collect::<Vec<_>>(),
            [("network_protocol_version", "1.1")]
        );
        assert!(!EnabledLabels::default().any() && enabled.any());
        assert_eq!(EnabledLabels::default().created(), [LabelValues::default()]);
        assert_eq!(enabled.created().len(), 4);
    }
}
