// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), feature = "axum"), doc = include_str!("../README.md"))]
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
