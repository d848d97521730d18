//! Calls of HTTP and gRPC.

mod body;
mod call;
mod classifier;
mod form;
mod kind;
#[cfg(feature = "reqwest")]
mod reqwest;

pub(crate) use self::classifier::Classifier;
#[cfg(feature = "reqwest")]
pub(crate) use self::reqwest::head as head_of_reqwest;
pub use self::{
    body::CircuitBreakerBody,
    call::HttpCall,
    form::{BodyForm, HttpForm},
    kind::Http,
};
