#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod conclude;
mod drain;
mod guard;
mod handle;
mod hooks;
mod in_flight;
mod manager;
mod observe;
mod panics;
mod reason;
mod report;
mod run;
#[cfg(feature = "serde")]
mod settings;
mod shared;
mod shutdown;
mod signals;
mod spawn;
mod supervisor;
#[cfg(feature = "systemd")]
mod systemd;
mod times;
mod token;

pub use battlement_core::{ConfigError, InvalidField, Phase, Phases};

#[cfg(feature = "serde")]
pub use self::settings::ShutdownSettings;
#[cfg(feature = "systemd")]
pub use self::systemd::Systemd;
pub use self::{
    conclude::Conclude,
    drain::{BodyCutOff, Drain, DrainLayer, EndStream, ResponseBody, ResponseFuture},
    guard::Guard,
    handle::ShutdownHandle,
    hooks::Stage,
    in_flight::InFlight,
    observe::Observe,
    panics::PanicPolicy,
    reason::Reason,
    report::{CutOff, Forced, HookError, HookFailure, LeakedGuard, PhaseTimes, Report},
    shutdown::Shutdown,
    signals::Signal,
    times::Times,
    token::DrainToken,
};
