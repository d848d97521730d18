use std::fmt;

use crate::{
    InvalidField,
    csp::{is_endpoint, is_uri},
};

/// Where browsers send reports: a name, and the URL that `Reporting-Endpoints` gives it.
///
/// The policies that report there hold this same value, so the layer sends the header that it takes and
/// the two cannot differ.
///
/// # Example
///
/// ```
/// use battlement_security_headers::{Coop, Csp, Endpoint, ReportOnly, SecurityHeadersLayer};
///
/// let reports = Endpoint::new("security", "https://reports.example.com/browser").unwrap();
/// let trial = Csp::builder().default_src("'none'").report_to(reports.clone()).build().unwrap();
/// let layer = SecurityHeadersLayer::helmet()
///     .header(trial.report_only())
///     .header(ReportOnly(Coop::SameOrigin.report_to(reports)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    name: String,
    url: String,
}

impl Endpoint {
    /// An endpoint of this name, as policies refer to it, at this URL.
    ///
    /// # Errors
    ///
    /// When the name is no key of a structured field (lowercase letters, digits, `_`, `-`, `.`, `*`), or
    /// the URL is neither absolute over https nor a path of the same origin.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Result<Self, InvalidField> {
        let (name, url) = (name.into(), url.into());
        let refuse = |message| Err(InvalidField::new("reporting-endpoints", message));
        if !is_endpoint(&name) {
            return refuse(format!("{name:?} is no name; write one as csp or coop-1"));
        }
        let reachable = url.starts_with("https://") || url.starts_with('/');
        if !is_uri(&url) || !reachable {
            return refuse(format!("{url:?} is neither an https URL nor a path"));
        }
        Ok(Self { name, url })
    }

    /// The name that policies refer to it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the reports go.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Writes it as a member of `Reporting-Endpoints`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=\"{}\"", self.name, self.url)
    }
}
