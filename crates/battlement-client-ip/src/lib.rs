// The examples of the page use axum's extractor.
#![cfg_attr(feature = "axum", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "axum"),
    doc = "Resolves the client's address, scheme and host behind trusted proxies."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod elements;
mod forwarded;
mod forwarding;
mod hops;
mod ip;
mod layer;
mod node;
mod proxies;
mod resolver;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod warnings;

pub use battlement_core::{
    ClientIp, ConfigError, ConnectionScheme, Host, InvalidField, IpKey, PeerAddr, Scheme, UnixPeer,
    UnknownClient, Via,
};

#[cfg(feature = "serde")]
pub use self::settings::ClientIpSettings;
pub use self::{
    forwarding::Forwarding, layer::ClientIpLayer, proxies::Proxies, service::ClientIpService,
};
