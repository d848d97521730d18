//! The headers other than Content Security Policy, with a type for each.

mod cache_control;
mod clear_site_data;
mod content_type_options;
mod cross_domain_policies;
mod cross_origin;
mod dns_prefetch;
mod download_options;
mod fixed;
mod frame_options;
mod hsts;
mod origin_agent_cluster;
mod permissions;
mod referrer;
mod xss_protection;

#[cfg(feature = "serde")]
pub(crate) use self::cross_origin::reporting;
pub use self::{
    cache_control::CacheControl,
    clear_site_data::ClearSiteData,
    content_type_options::ContentTypeOptions,
    cross_domain_policies::CrossDomainPolicies,
    cross_origin::{Coep, Coop, Corp, ReportOnly, ReportTo},
    dns_prefetch::DnsPrefetch,
    download_options::DownloadOptions,
    frame_options::FrameOptions,
    hsts::{Hsts, When},
    origin_agent_cluster::OriginAgentCluster,
    permissions::{Feature, PermissionsPolicy},
    referrer::ReferrerPolicy,
    xss_protection::XssProtection,
};
