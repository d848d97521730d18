//! Settings in configuration files, in the shape of Helmet's options.

mod csp;
mod draft;
mod fetch_metadata;
mod null;
mod options;
mod source_words;
mod switch;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::fetch_metadata::FetchMetadataSettings;
use self::{
    csp::CspOptions,
    options::{
        AllowList, CorpOptions, CrossDomainOptions, DnsOptions, FrameOptions, HstsOptions,
        PolicyOptions, Preset, ReferrerOptions,
    },
    switch::Switch,
};
use crate::{ConfigError, SecurityHeadersLayer};

battlement_core::settings! {
    /// The settings of a [`SecurityHeadersLayer`] in a configuration file: Helmet's options, and some additional ones.
    ///
    /// Keys may be written in Helmet's way or like the header (`xFrameOptions` or `x-frame-options`), and Helmet's
    /// shorter names work. `true` is the default, `false` omits a header, an object has options. A missing key has the
    /// value of the preset. An unknown key is an error that names it; `TryFrom` returns every other error at once.
    ///
    /// | key, and Helmet's other name for it | options |
    /// |---|---|
    /// | `contentSecurityPolicy` | `useDefaults`, `directives`, `reportOnly`, `dangerouslyDisableDefaultSrc`, `unchecked` |
    /// | `contentSecurityPolicyReportOnly` | the same except for `reportOnly`; in addition to the enforced policy |
    /// | `crossOriginEmbedderPolicy`, `crossOriginOpenerPolicy` | `policy`, `reportTo` |
    /// | `crossOriginEmbedderPolicyReportOnly`, `crossOriginOpenerPolicyReportOnly` | `policy`, `reportTo` |
    /// | `crossOriginResourcePolicy` | `policy` |
    /// | `originAgentCluster` | |
    /// | `referrerPolicy` | `policy`: one or a list |
    /// | `strictTransportSecurity`, `hsts` | `maxAge` in seconds, `includeSubDomains`, `preload`, `when`: `https` or `always` |
    /// | `xContentTypeOptions`, `noSniff` | |
    /// | `xDnsPrefetchControl`, `dnsPrefetchControl` | `allow` |
    /// | `xDownloadOptions`, `ieNoOpen` | |
    /// | `xFrameOptions`, `frameguard` | `action` |
    /// | `xPermittedCrossDomainPolicies`, `permittedCrossDomainPolicies` | `permittedPolicies` |
    /// | `xPoweredBy`, `hidePoweredBy` | `false` keeps the header of the service |
    /// | `xXssProtection`, `xssFilter` | |
    /// | `permissionsPolicy` | by feature: `"*"`, or a list of `self` and origins |
    /// | `reportingEndpoints` | by name: its URL |
    /// | `remove`, `force` | lists of header names |
    /// | `preset` | `helmet` (default), `api`, `html`, `none` |
    /// | `enabled` | |
    ///
    /// In a list of sources, `'nonce'` is the nonce of each request, where Helmet takes a function. The list
    /// `unchecked` of a policy names sources and directives that browsers support and this crate does not know yet.
    /// `null` has the meaning that it has for Helmet: no default for `useDefaults` and `includeSubDomains`, and an
    /// omitted directive; in a format without null, `false` omits a directive.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_security_headers::{SecurityHeadersLayer, SecurityHeadersSettings};
    ///
    /// let settings: SecurityHeadersSettings = serde_json::from_str(
    ///     r#"{
    ///         "contentSecurityPolicy": {
    ///             "directives": { "scriptSrc": ["'self'", "https://js.example.com"] }
    ///         },
    ///         "hsts": { "maxAge": 63072000, "preload": true },
    ///         "frameguard": { "action": "deny" },
    ///         "x-download-options": false
    ///     }"#,
    /// ).unwrap();
    /// let layer = SecurityHeadersLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(
        remote = "SecurityHeadersSettings",
        default = "SecurityHeadersSettings::default",
        rename_all = "camelCase",
        deny_unknown_fields,
    )]
    pub struct SecurityHeadersSettings {
        enabled: Option<bool>,
        preset: Preset,
        #[serde(alias = "content-security-policy")]
        content_security_policy: Switch<CspOptions>,
        #[serde(alias = "content-security-policy-report-only")]
        content_security_policy_report_only: Switch<CspOptions>,
        #[serde(alias = "cross-origin-embedder-policy")]
        cross_origin_embedder_policy: Switch<PolicyOptions>,
        #[serde(alias = "cross-origin-embedder-policy-report-only")]
        cross_origin_embedder_policy_report_only: Switch<PolicyOptions>,
        #[serde(alias = "cross-origin-opener-policy")]
        cross_origin_opener_policy: Switch<PolicyOptions>,
        #[serde(alias = "cross-origin-opener-policy-report-only")]
        cross_origin_opener_policy_report_only: Switch<PolicyOptions>,
        #[serde(alias = "cross-origin-resource-policy")]
        cross_origin_resource_policy: Switch<CorpOptions>,
        #[serde(alias = "origin-agent-cluster")]
        origin_agent_cluster: Option<bool>,
        #[serde(alias = "referrer-policy")]
        referrer_policy: Switch<ReferrerOptions>,
        #[serde(alias = "strict-transport-security", alias = "hsts", deserialize_with = "null::or_default")]
        strict_transport_security: Switch<HstsOptions>,
        #[serde(alias = "x-content-type-options", alias = "noSniff", alias = "no-sniff")]
        x_content_type_options: Option<bool>,
        #[serde(
            alias = "x-dns-prefetch-control",
            alias = "dnsPrefetchControl",
            alias = "dns-prefetch-control",
            deserialize_with = "null::or_default"
        )]
        x_dns_prefetch_control: Switch<DnsOptions>,
        #[serde(alias = "x-download-options", alias = "ieNoOpen", alias = "ie-no-open")]
        x_download_options: Option<bool>,
        #[serde(alias = "x-frame-options", alias = "frameguard", deserialize_with = "null::or_default")]
        x_frame_options: Switch<FrameOptions>,
        #[serde(
            alias = "x-permitted-cross-domain-policies",
            alias = "permittedCrossDomainPolicies",
            alias = "permitted-cross-domain-policies",
            deserialize_with = "null::or_default"
        )]
        x_permitted_cross_domain_policies: Switch<CrossDomainOptions>,
        #[serde(alias = "x-powered-by", alias = "hidePoweredBy", alias = "hide-powered-by")]
        x_powered_by: Option<bool>,
        #[serde(alias = "x-xss-protection", alias = "xssFilter", alias = "xss-filter")]
        x_xss_protection: Option<bool>,
        #[serde(alias = "permissions-policy")]
        permissions_policy: Switch<BTreeMap<String, AllowList>>,
        #[serde(alias = "reporting-endpoints")]
        reporting_endpoints: BTreeMap<String, String>,
        remove: Vec<String>,
        force: Vec<String>,
    }
}

impl TryFrom<SecurityHeadersSettings> for SecurityHeadersLayer {
    type Error = ConfigError;

    fn try_from(settings: SecurityHeadersSettings) -> Result<Self, ConfigError> {
        draft::layer(settings)
    }
}
