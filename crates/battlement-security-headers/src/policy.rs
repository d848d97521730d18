//! The headers other than Content Security Policy, with a type for each.

mod cache_control;
mod clear_site_data;
mod cross_origin;
mod fixed;
mod hsts;
mod permissions;
mod referrer;
mod small;

#[cfg(feature = "serde")]
pub(crate) use self::cross_origin::reporting;
pub use self::{
    cache_control::CacheControl,
    clear_site_data::ClearSiteData,
    cross_origin::{Coep, Coop, Corp, ReportOnly, ReportTo},
    hsts::{Hsts, When},
    permissions::{Feature, PermissionsPolicy},
    referrer::ReferrerPolicy,
    small::{
        ContentTypeOptions, CrossDomainPolicies, DnsPrefetch, DownloadOptions, FrameOptions,
        OriginAgentCluster, XssProtection,
    },
};
