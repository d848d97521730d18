use http::{HeaderName, HeaderValue};

use crate::security_header::written;

/// `Clear-Site-Data`: the data that a browser deletes, for the response to a logout.
///
/// No layer sends it: on other responses it would log users out and empty their caches.
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

    /// Clears everything, including kinds of data that browsers may add later.
    pub fn everything() -> Self {
        Self(vec!["\"*\""])
    }

    /// Clears the cache.
    pub fn cache(self) -> Self {
        self.and("\"cache\"")
    }

    /// Clears the cookies of the whole registrable domain, and credentials.
    pub fn cookies(self) -> Self {
        self.and("\"cookies\"")
    }

    /// Clears all storage of the origin, and its service workers.
    pub fn storage(self) -> Self {
        self.and("\"storage\"")
    }

    /// Reloads the open pages of the origin.
    pub fn execution_contexts(self) -> Self {
        self.and("\"executionContexts\"")
    }

    fn and(mut self, kind: &'static str) -> Self {
        if !self.0.contains(&kind) {
            self.0.push(kind);
        }
        self
    }

    /// Returns the value of the header.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        written(self.0.join(", ")).unwrap_or(HeaderValue::from_static("\"*\""))
    }
}
