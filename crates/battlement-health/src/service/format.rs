use battlement_core::Accept;
use http::{HeaderMap, HeaderValue, header};

use super::query::Query;

/// The format of an answer to a probe.
///
/// A caller asks for one with `?format=` or `Accept`. Any other caller, such as a kubelet with `Accept: */*`, gets the
/// default of the listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The text of the Kubernetes API server. In a query: `text`.
    #[default]
    Text,
    /// health+json ([draft-inadarei-api-health-check-06]). In a query: `health`.
    ///
    /// [draft-inadarei-api-health-check-06]: https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06
    Health,
    /// The JSON of Spring Boot's actuator. In a query: `spring`.
    Spring,
    /// The JSON of MicroProfile Health. In a query: `microprofile`.
    MicroProfile,
}

/// A format with the content type that the caller reads it as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Negotiated {
    pub(crate) format: Format,
    pub(crate) content_type: HeaderValue,
}

const TEXT: &str = "text/plain";
const HEALTH: &str = "application/health+json";
const JSON: &str = "application/json";
const SPRING: &str = "application/vnd.spring-boot.actuator.v3+json";

impl Format {
    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Health => HEALTH,
            Self::Spring => SPRING,
            Self::MicroProfile => JSON,
        })
    }

    /// Returns the JSON for callers that ask for JSON of any kind.
    const fn json(self) -> Self {
        match self {
            Self::Text => Self::Health,
            format => format,
        }
    }

    const fn with_content_type(self) -> Negotiated {
        Negotiated { format: self, content_type: self.content_type() }
    }

    fn of_query(self, name: &[u8]) -> Option<Self> {
        match name {
            b"text" => Some(Self::Text),
            b"json" => Some(self.json()),
            b"health" => Some(Self::Health),
            b"spring" => Some(Self::Spring),
            b"microprofile" => Some(Self::MicroProfile),
            _ => None,
        }
    }
}

/// Returns the format for a caller: that of the query, then the one that `Accept` prefers. A caller that prefers none, or
/// that accepts none, gets the default: a probe is never answered with a 406.
pub(crate) fn negotiate(default: Format, query: &Query<'_>, headers: &HeaderMap) -> Negotiated {
    let asked = query.format.as_deref().and_then(|name| default.of_query(name));
    if let Some(format) = asked {
        return format.with_content_type();
    }
    match headers.get(header::ACCEPT).map(HeaderValue::as_bytes) {
        None | Some(b"*/*") => default.with_content_type(),
        Some(_) => of_accept(default, headers).unwrap_or(default.with_content_type()),
    }
}

fn of_accept(default: Format, headers: &HeaderMap) -> Option<Negotiated> {
    // The first of equal weights wins: the default, and a type of one format before that of any JSON.
    let names = match default {
        Format::Text => [TEXT, HEALTH, SPRING, JSON],
        Format::Health => [HEALTH, SPRING, JSON, TEXT],
        Format::Spring => [SPRING, HEALTH, JSON, TEXT],
        Format::MicroProfile => [JSON, TEXT, HEALTH, SPRING],
    };
    let preferred = Accept::of(headers)?.preferred(&names.each_ref().map(std::slice::from_ref))?;
    Some(match names[preferred] {
        TEXT => Format::Text.with_content_type(),
        HEALTH => Format::Health.with_content_type(),
        SPRING => Format::Spring.with_content_type(),
        json => Negotiated { format: default.json(), content_type: HeaderValue::from_static(json) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(default: Format, query: &str, accept: Option<&str>) -> (Format, String) {
        let value = accept.map(|value| HeaderValue::from_str(value).unwrap());
        let headers = HeaderMap::from_iter(value.map(|value| (header::ACCEPT, value)));
        let Negotiated { format, content_type } =
            negotiate(default, &Query::parse(query), &headers);
        (format, content_type.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_caller_that_asks_for_no_format_gets_the_default() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let accepts = [None, Some("*/*"), Some(browser), Some("image/png"), Some("")];
        for (default, content_type) in [
            (Format::Text, "text/plain; charset=utf-8"),
            (Format::Health, HEALTH),
            (Format::Spring, SPRING),
            (Format::MicroProfile, JSON),
        ] {
            for accept in accepts {
                let got = negotiated(default, "verbose", accept);
                assert_eq!(got, (default, content_type.to_owned()), "{accept:?}");
            }
        }
    }

    #[test]
    fn accept_chooses_the_format() {
        let spring_boot_admin = "application/vnd.spring-boot.actuator.v3+json, \
                                 application/vnd.spring-boot.actuator.v2+json, application/json";
        for (default, accept, format, content_type) in [
            (Format::Text, JSON, Format::Health, JSON),
            (Format::Text, "application/health+json, application/json", Format::Health, HEALTH),
            (Format::Text, "application/*", Format::Health, HEALTH),
            (Format::Text, spring_boot_admin, Format::Spring, SPRING),
            (
                Format::Text,
                "application/json;q=0.1, text/*;q=0.2",
                Format::Text,
                "text/plain; charset=utf-8",
            ),
            (Format::Spring, JSON, Format::Spring, JSON),
            (Format::Spring, HEALTH, Format::Health, HEALTH),
            (Format::Spring, TEXT, Format::Text, "text/plain; charset=utf-8"),
            (Format::MicroProfile, "application/*", Format::MicroProfile, JSON),
            (Format::Health, JSON, Format::Health, JSON),
        ] {
            let got = negotiated(default, "", Some(accept));
            assert_eq!(got, (format, content_type.to_owned()), "{default:?} {accept}");
        }
    }

    #[test]
    fn the_query_comes_before_accept_unless_it_names_no_format() {
        for (query, format, content_type) in [
            ("format=text", Format::Text, "text/plain; charset=utf-8"),
            ("format=health", Format::Health, HEALTH),
            ("format=spring", Format::Spring, SPRING),
            ("format=microprofile", Format::MicroProfile, JSON),
            ("format=json", Format::MicroProfile, JSON),
            ("format=xml", Format::MicroProfile, JSON),
        ] {
            let got = negotiated(Format::MicroProfile, query, Some(JSON));
            assert_eq!(got, (format, content_type.to_owned()), "{query}");
        }
        assert_eq!(negotiated(Format::Text, "format=json", None).0, Format::Health);
        assert_eq!(negotiated(Format::Text, "format=microprofile", None).0, Format::MicroProfile);
        assert_eq!(negotiated(Format::Text, "format=xml", Some(HEALTH)).0, Format::Health);
    }
}
