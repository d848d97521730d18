// The examples of the page, as doctests, need these features.
#![cfg_attr(any(not(doctest), feature = "axum"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod acquire_future;
mod admission;
mod admit;
pub mod algorithm;
#[cfg(feature = "conformance")]
pub mod conformance;
mod future;
mod handle;
mod headers;
mod info;
mod key;
mod layer;
mod limiter;
mod memory;
mod missing_key;
mod observe;
mod on_response;
mod policies;
mod policy;
mod rejected;
#[cfg(any(feature = "remote", feature = "serde"))]
pub mod remote;
mod retry_info;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod store;
mod swappable;
mod usage;

pub use battlement_core::{
    ClientIp, ConfigError, Head, InvalidField, PeerAddr, RequestHead, ResponseBody,
};

#[doc(hidden)]
pub use self::admit::{Admit, NoWait};
#[cfg(feature = "serde")]
pub use self::settings::{
    InMemory, KeyPart, KeySetting, OpenStore, PolicySettings, RateLimitSettings, StoreOptions,
};
pub use self::{
    acquire_future::AcquireFuture,
    future::{Next, ResponseFuture},
    handle::Handle,
    headers::Headers,
    info::RateLimitInfo,
    key::{Key, KeyHash, KeyHasher},
    layer::RateLimitLayer,
    memory::Memory,
    missing_key::MissingKey,
    observe::Observe,
    policies::Policies,
    policy::{Algorithm, Policy},
    service::RateLimit,
    store::{
        Answer, Chosen, Decision, Later, MemoryOr, Now, Outcome, PolicyState, Query, Receipt,
        Source, Store, StoreError,
    },
    usage::Usage,
};
