#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod accept;
mod accept_error;
mod accept_log;
mod admit;
mod backoff;
mod body;
mod capacity;
mod config;
mod connection;
mod counts;
mod drain;
mod executor;
mod floods;
mod frames;
#[cfg(fuzzing)]
pub mod fuzz;
mod handle;
mod io;
mod kind;
mod limits;
mod listen;
mod observe;
mod protocol;
mod report;
mod request;
mod resettable;
mod rewind;
mod server;
mod serving;
#[cfg(feature = "serde")]
mod settings;
mod state;
mod time;
#[cfg(feature = "tls")]
pub mod tls;
mod transport;

pub use battlement_core::{ConfigError, InvalidField, Phase, Phases};

#[cfg(unix)]
pub use self::listen::{Listeners, UnixPath};
#[cfg(feature = "serde")]
pub use self::settings::{FloodSettings, RateSettings, ServerSettings};
pub use self::{
    accept_error::AcceptErrorKind,
    admit::{ConnectionReset, NewConnection},
    body::ResponseBody,
    floods::{Flood, FloodLimits, Rate},
    handle::{OpenConnections, ServerHandle},
    kind::{End, Protocol, Refusal, TimeoutKind},
    limits::Limits,
    listen::Listener,
    observe::{Closed, Observe},
    report::Report,
    server::{Server, serve},
    serving::Serving,
    time::HeldData,
};
