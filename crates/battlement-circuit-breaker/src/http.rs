//! Calls of HTTP and gRPC.

mod body;
mod classifier;
mod form;
mod kind;
#[cfg(feature = "reqwest")]
mod reqwest;

pub(crate) use self::classifier::Classifier;
pub use self::{body::CircuitBreakerBody, classifier::HttpJudge, form::HttpForm, kind::Http};
