//! Calls of HTTP and gRPC.

mod answer;
mod attempts;
mod body;
mod config;
mod form;
mod headers;
mod hedge;
mod kind;
mod layer;
mod origin;
#[cfg(feature = "reqwest")]
mod reqwest;
mod rules;

pub(crate) use self::config::HttpConfig;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestOrigin;
pub use self::{
    answer::Answer, attempts::Attempts, body::RetryBody, form::HttpForm, kind::Http, origin::Origin,
};
