// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), feature = "axum"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
mod axum;
mod config;
mod csp;
mod endpoint;
mod fetch_metadata;
mod future;
mod header;
mod layer;
mod nonce;
mod patch;
mod policy;
mod preset;
mod security_header;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod template;
mod variant;

pub use battlement_core::{ConfigError, ConnectionScheme, InvalidField, Scheme};

#[cfg(feature = "axum")]
pub use self::axum::MissingNonce;
#[cfg(feature = "serde")]
pub use self::settings::{FetchMetadataSettings, SecurityHeadersSettings};
pub use self::{
    csp::{Csp, CspBuilder, Directive, InvalidSource, Source, SourceList},
    endpoint::Endpoint,
    fetch_metadata::{FetchMetadata, FetchMetadataFuture, FetchMetadataLayer, FetchSite},
    future::ResponseFuture,
    header::Header,
    layer::SecurityHeadersLayer,
    nonce::CspNonce,
    patch::SecurityPatch,
    policy::{
        CacheControl, ClearSiteData, Coep, ContentTypeOptions, Coop, Corp, CrossDomainPolicies,
        DnsPrefetch, DownloadOptions, Feature, FrameOptions, Hsts, OriginAgentCluster,
        PermissionsPolicy, ReferrerPolicy, ReportOnly, ReportTo, When, XssProtection,
    },
    security_header::SecurityHeader,
    service::SecurityHeaders,
};
