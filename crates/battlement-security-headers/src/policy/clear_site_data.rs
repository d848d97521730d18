use http::{HeaderName, HeaderValue};

use crate::security_header::written;

/// `Clear-Site-Data`: what a browser throws away, for the answer to a logout.
///
/// No layer sends it: on any other answer it would log users out and empty their caches.
///
/// ```
/// use battlement_security_headers::ClearSiteData;
/// use http::Response;
///
/// let logged_out = ClearSiteData::default().cookies().storage();
/// let response = Response::builder()
///     .header(ClearSiteData::NAME, logged_out.header_value())
///     .body(())
///     .unwrap();
/// assert_eq!(response.headers()["clear-site-data"], r#""cookies", "storage""#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ClearSiteData(Vec<&'static str>);

impl ClearSiteData {
    /// The header's name.
    pub const NAME: HeaderName = HeaderName::from_static("clear-site-data");

    /// Everything, also what browsers may add to the list one day.
    pub fn everything() -> Self {
        Self(vec!["\"*\""])
    }

    /// The cache.
    pub fn cache(self) -> Self {
        self.and("\"cache\"")
    }

    /// Cookies of the whole registrable domain, and credentials.
    pub fn cookies(self) -> Self {
        self.and("\"cookies\"")
    }

    /// All storage of the origin, and its service workers.
    pub fn storage(self) -> Self {
        self.and("\"storage\"")
    }

    /// Pages open at the origin are loaded again.
    pub fn execution_contexts(self) -> Self {
        self.and("\"executionContexts\"")
    }

    fn and(mut self, kind: &'static str) -> Self {
        if !self.0.contains(&kind) {
            self.0.push(kind);
        }
        self
    }

    /// The header's value.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        written(self.0.join(", ")).unwrap_or(HeaderValue::from_static("\"*\""))
    }
}
