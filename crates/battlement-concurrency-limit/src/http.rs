//! Calls of HTTP and gRPC.

mod body;
mod call;
mod class_of;
mod exempt;
mod form;
mod kind;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;

pub(crate) use self::call::Release;
#[cfg(feature = "serde")]
pub(crate) use self::class_of::ClassOf;
pub use self::{body::ConcurrencyLimitBody, form::BodyForm, kind::Http};
