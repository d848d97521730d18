#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod bytes_in;
mod client;
mod config;
mod decide;
mod digits;
mod entry;
mod escape;
mod event;
mod format;
mod future;
#[cfg(fuzzing)]
pub mod fuzz;
mod head;
mod layer;
mod levels;
mod observe;
mod outcome;
mod record;
mod redact;
#[cfg(feature = "reqwest")]
mod reqwest;
mod route;
mod sample;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod side;
mod sink;
mod skip;
mod stage;
mod ticket;
mod time;
mod truncate;
mod writer;

pub use battlement_core::{ConfigError, ErrorType, InvalidField, PeerAddr, RequestFacts};
pub use tracing::Level;

#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestFuture;
#[cfg(feature = "serde")]
pub use self::settings::{
    AccessLogSettings, FormatName, LevelSettings, SkipSettings, WriterSettings,
};
pub use self::{
    body::ResponseBody,
    bytes_in::{BytesInBody, BytesInLayer, BytesInService},
    format::{Format, Names},
    future::ResponseFuture,
    layer::AccessLogLayer,
    levels::Levels,
    observe::Observe,
    outcome::Outcome,
    redact::Query,
    route::{AccessLogOverride, AccessLogOverrideService},
    sample::Sample,
    service::AccessLog,
    side::{Client, Server},
    skip::Skip,
    writer::{Lines, Writer, WriterHandle},
};
