//! Fallbacks of HTTP and gRPC.

mod at_once;
mod body;
mod config;
mod copy;
mod kind;
mod layer;
mod mark;
mod of_head;
#[cfg(feature = "reqwest")]
mod reqwest;
mod to_service;

#[cfg(feature = "serde")]
pub(super) use self::config::HttpConfig;
pub use self::{
    body::FallbackBody,
    kind::HttpFallback,
    mark::FallbackMark,
    of_head::{Answer, OfHead},
    to_service::KeptCall,
};
