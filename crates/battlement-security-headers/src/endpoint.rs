use std::fmt;

use crate::{
    InvalidField,
    csp::{is_endpoint, is_uri},
};

/// An endpoint for the reports of browsers: a name, and the URL that `Reporting-Endpoints` gives it.
///
/// A policy that reports to an endpoint contains the endpoint itself, and the layer derives `Reporting-Endpoints` from
/// its policies, so the two headers agree.
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
    /// Creates an endpoint with a name, which policies refer to, and a URL.
    ///
    /// # Errors
    ///
    /// If the name is not a key of a structured field (lowercase letters, digits, `_`, `-`, `.`, `*`), or the URL is
    /// neither an absolute https URL nor a path of the same origin.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Result<Self, InvalidField> {
        let (name, url) = (name.into(), url.into());
        let refuse = |message| Err(InvalidField::new("reporting-endpoints", message));
        if !is_endpoint(&name) {
            return refuse(format!(
                "name must be a lowercase key such as csp or coop-1, got {name:?}"
            ));
        }
        let reachable = url.starts_with("https://") || url.starts_with('/');
        if !is_uri(&url) || !reachable {
            return refuse(format!("URL must be an https URL or a path, got {url:?}"));
        }
        Ok(Self { name, url })
    }

    /// Returns the name that policies refer to.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL of the reports.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Writes the endpoint as a member of `Reporting-Endpoints`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=\"{}\"", self.name, self.url)
    }
}
