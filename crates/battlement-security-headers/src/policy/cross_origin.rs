use super::fixed::fixed;
use crate::{Csp, Endpoint, Header, SecurityHeader};

fixed! {
    /// `Cross-Origin-Embedder-Policy`: the resources that a page may embed without their consent.
    Coep for Coep {
        /// No resources.
        RequireCorp = "require-corp",
        /// Resources that are fetched without credentials.
        Credentialless = "credentialless",
        /// All resources, the default of browsers.
        UnsafeNone = "unsafe-none",
    }

    /// `Cross-Origin-Opener-Policy`: the windows with which a page shares a group.
    Coop for Coop {
        /// Windows of its own origin.
        SameOrigin = "same-origin",
        /// Windows of its own origin, and the popups that it opens.
        SameOriginAllowPopups = "same-origin-allow-popups",
        /// The popups that it opens, and not the window that opened it.
        NoopenerAllowPopups = "noopener-allow-popups",
        /// All windows, the default of browsers.
        UnsafeNone = "unsafe-none",
    }

    /// `Cross-Origin-Resource-Policy`: the pages that may load the response without CORS.
    Corp for Corp {
        /// Pages of the same origin.
        SameOrigin = "same-origin",
        /// Pages of the same site.
        SameSite = "same-site",
        /// All pages: for images, fonts and scripts that others are meant to embed.
        CrossOrigin = "cross-origin",
    }
}

/// A policy with the endpoint of its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo<P> {
    policy: P,
    endpoint: Endpoint,
}

/// A policy that browsers report on and do not enforce. It may be combined with an enforced one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOnly<P>(pub P);

impl Coop {
    /// Sends the reports of the policy to `endpoint`.
    #[must_use]
    pub const fn report_to(self, endpoint: Endpoint) -> ReportTo<Self> {
        ReportTo { policy: self, endpoint }
    }
}

impl Coep {
    /// Sends the reports of the policy to `endpoint`.
    #[must_use]
    pub const fn report_to(self, endpoint: Endpoint) -> ReportTo<Self> {
        ReportTo { policy: self, endpoint }
    }
}

/// Creates a policy with an endpoint: an item of a structured field with a parameter.
pub(crate) fn reporting(header: Header, policy: &str, endpoint: Endpoint) -> SecurityHeader {
    let text = format!("{policy}; report-to=\"{}\"", endpoint.name());
    SecurityHeader::written(header, text, Vec::new()).reporting_to(endpoint)
}

macro_rules! reports {
    ($($name:ident $report_only:ident,)*) => {
        $(
            impl From<ReportTo<$name>> for SecurityHeader {
                fn from(ReportTo { policy, endpoint }: ReportTo<$name>) -> Self {
                    reporting(Header::$name, policy.as_str(), endpoint)
                }
            }

            impl From<ReportOnly<$name>> for SecurityHeader {
                fn from(ReportOnly(policy): ReportOnly<$name>) -> Self {
                    Self::fixed(Header::$report_only, policy.as_str())
                }
            }

            impl From<ReportOnly<ReportTo<$name>>> for SecurityHeader {
                fn from(ReportOnly(trial): ReportOnly<ReportTo<$name>>) -> Self {
                    reporting(Header::$report_only, trial.policy.as_str(), trial.endpoint)
                }
            }
        )*
    };
}

reports! {
    Coep CoepReportOnly,
    Coop CoopReportOnly,
}

impl From<ReportOnly<Csp>> for SecurityHeader {
    fn from(ReportOnly(csp): ReportOnly<Csp>) -> Self {
        Self::csp(Header::CspReportOnly, csp)
    }
}
