use super::fixed::fixed;
use crate::{Csp, Endpoint, Header, SecurityHeader};

fixed! {
    /// `Cross-Origin-Embedder-Policy`: what a page may embed without the other side's word.
    Coep for Coep {
        /// Nothing.
        RequireCorp = "require-corp",
        /// What is fetched without credentials.
        Credentialless = "credentialless",
        /// Everything, which is what browsers do without the header.
        UnsafeNone = "unsafe-none",
    }

    /// `Cross-Origin-Opener-Policy`: which windows a page shares a group with.
    Coop for Coop {
        /// Those of its own origin.
        SameOrigin = "same-origin",
        /// Those, and the popups that it opens.
        SameOriginAllowPopups = "same-origin-allow-popups",
        /// None that opened it; the popups that it opens.
        NoopenerAllowPopups = "noopener-allow-popups",
        /// All, which is what browsers do without the header.
        UnsafeNone = "unsafe-none",
    }

    /// `Cross-Origin-Resource-Policy`: which pages may load the answer without asking.
    Corp for Corp {
        /// Those of the same origin.
        SameOrigin = "same-origin",
        /// Those of the same site.
        SameSite = "same-site",
        /// All: for images, fonts and scripts that others are meant to embed.
        CrossOrigin = "cross-origin",
    }
}

/// A policy, and where browsers report what it stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo<P> {
    policy: P,
    endpoint: Endpoint,
}

/// A policy that browsers report on and do not enforce. It may stand beside one that they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOnly<P>(pub P);

impl Coop {
    /// The same, with reports sent to `endpoint`.
    #[must_use]
    pub const fn report_to(self, endpoint: Endpoint) -> ReportTo<Self> {
        ReportTo { policy: self, endpoint }
    }
}

impl Coep {
    /// The same, with reports sent to `endpoint`.
    #[must_use]
    pub const fn report_to(self, endpoint: Endpoint) -> ReportTo<Self> {
        ReportTo { policy: self, endpoint }
    }
}

/// A policy with an endpoint: an item of a structured field with a parameter.
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
