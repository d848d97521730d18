#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admin;
mod conclude;
mod guard;
mod handle;
mod hooks;
mod layer;
mod manager;
mod reason;
mod report;
mod run;
#[cfg(feature = "serde")]
mod settings;
mod shared;
mod shutdown;
mod signals;
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
    guard::Guard,
    handle::ShutdownHandle,
    hooks::Stage,
    layer::DrainLayer,
    reason::Reason,
    report::{CutOff, Forced, HookError, HookFailure, LeakedGuard, PhaseTimes, Report},
    shutdown::Shutdown,
    signals::Signal,
    times::Times,
    token::DrainToken,
};
