//! Answers from another source for calls that failed.

mod any;
mod config;
mod fall_back;
mod future;
#[cfg(feature = "http")]
mod http;
mod layer;
mod on;
mod oneshot;
mod outcome;
mod service;
#[cfg(all(feature = "http", feature = "serde"))]
mod settings;
mod source;

#[cfg(feature = "http")]
#[doc(hidden)]
pub use self::http::KeptCall;
#[cfg(feature = "http")]
pub use self::http::{Answer, FallbackBody, FallbackMark, HttpFallback, OfHead};
#[cfg(all(feature = "http", feature = "serde"))]
pub use self::settings::FallbackSettings;
pub use self::{
    any::AnyFallback,
    fall_back::{FallBack, Sends},
    future::FallbackFuture,
    layer::FallbackLayer,
    on::FallbackOn,
    outcome::FallbackOutcome,
    service::Fallback,
    source::{AtOnce, OfRequest, Respond, ToService, Value},
};
#[doc(hidden)]
pub use self::{fall_back::Started, oneshot::Oneshot};
