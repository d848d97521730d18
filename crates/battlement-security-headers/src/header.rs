use http::{HeaderName, header};

/// A header that the layer can send.
///
/// Headers are sent in the order of the variants, which is Helmet's, followed by those that Helmet does not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Header {
    /// `Content-Security-Policy`.
    Csp,
    /// `Content-Security-Policy-Report-Only`.
    CspReportOnly,
    /// `Cross-Origin-Embedder-Policy`.
    Coep,
    /// `Cross-Origin-Embedder-Policy-Report-Only`.
    CoepReportOnly,
    /// `Cross-Origin-Opener-Policy`.
    Coop,
    /// `Cross-Origin-Opener-Policy-Report-Only`.
    CoopReportOnly,
    /// `Cross-Origin-Resource-Policy`.
    Corp,
    /// `Origin-Agent-Cluster`.
    OriginAgentCluster,
    /// `Referrer-Policy`.
    ReferrerPolicy,
    /// `Strict-Transport-Security`.
    Hsts,
    /// `X-Content-Type-Options`.
    ContentTypeOptions,
    /// `X-DNS-Prefetch-Control`.
    DnsPrefetchControl,
    /// `X-Download-Options`.
    DownloadOptions,
    /// `X-Frame-Options`.
    FrameOptions,
    /// `X-Permitted-Cross-Domain-Policies`.
    PermittedCrossDomainPolicies,
    /// `X-XSS-Protection`.
    XssProtection,
    /// `Permissions-Policy`.
    PermissionsPolicy,
    /// `Reporting-Endpoints`.
    ReportingEndpoints,
    /// `Cache-Control`.
    CacheControl,
}

impl Header {
    /// All headers, in the order in which they are sent.
    pub const ALL: [Self; 19] = [
        Self::Csp,
        Self::CspReportOnly,
        Self::Coep,
        Self::CoepReportOnly,
        Self::Coop,
        Self::CoopReportOnly,
        Self::Corp,
        Self::OriginAgentCluster,
        Self::ReferrerPolicy,
        Self::Hsts,
        Self::ContentTypeOptions,
        Self::DnsPrefetchControl,
        Self::DownloadOptions,
        Self::FrameOptions,
        Self::PermittedCrossDomainPolicies,
        Self::XssProtection,
        Self::PermissionsPolicy,
        Self::ReportingEndpoints,
        Self::CacheControl,
    ];

    /// Returns the name of the header.
    #[must_use]
    pub const fn name(self) -> HeaderName {
        match self {
            Self::Csp => header::CONTENT_SECURITY_POLICY,
            Self::CspReportOnly => header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
            Self::Coep => HeaderName::from_static("cross-origin-embedder-policy"),
            Self::CoepReportOnly => {
                HeaderName::from_static("cross-origin-embedder-policy-report-only")
            }
            Self::Coop => HeaderName::from_static("cross-origin-opener-policy"),
            Self::CoopReportOnly => {
                HeaderName::from_static("cross-origin-opener-policy-report-only")
            }
            Self::Corp => HeaderName::from_static("cross-origin-resource-policy"),
            Self::OriginAgentCluster => HeaderName::from_static("origin-agent-cluster"),
            Self::ReferrerPolicy => header::REFERRER_POLICY,
            Self::Hsts => header::STRICT_TRANSPORT_SECURITY,
            Self::ContentTypeOptions => header::X_CONTENT_TYPE_OPTIONS,
            Self::DnsPrefetchControl => header::X_DNS_PREFETCH_CONTROL,
            Self::DownloadOptions => HeaderName::from_static("x-download-options"),
            Self::FrameOptions => header::X_FRAME_OPTIONS,
            Self::PermittedCrossDomainPolicies => {
                HeaderName::from_static("x-permitted-cross-domain-policies")
            }
            Self::XssProtection => header::X_XSS_PROTECTION,
            Self::PermissionsPolicy => HeaderName::from_static("permissions-policy"),
            Self::ReportingEndpoints => HeaderName::from_static("reporting-endpoints"),
            Self::CacheControl => header::CACHE_CONTROL,
        }
    }

    /// Returns whether the header matters to a gRPC client, which renders, frames and embeds nothing.
    pub(crate) const fn concerns_grpc(self) -> bool {
        matches!(self, Self::Hsts | Self::ContentTypeOptions)
    }

    /// Returns the header with this `name`, if the layer can send it.
    #[must_use]
    pub fn of_name(name: &HeaderName) -> Option<Self> {
        Self::ALL.into_iter().find(|header| header.name() == *name)
    }
}
