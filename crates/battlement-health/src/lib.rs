#![cfg_attr(any(not(doctest), feature = "tonic"), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod beat;
mod builder;
mod check;
pub mod checks;
mod details;
#[cfg(fuzzing)]
pub mod fuzz;
mod gate;
#[cfg(feature = "tonic")]
pub mod grpc;
mod health;
mod heartbeat;
mod hold;
mod limits;
mod name;
mod observe;
mod plain_http;
mod probe;
mod probe_client;
mod redact;
mod refresh;
mod registration;
mod registry;
mod report;
mod runs;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod state;
mod status;
mod summary;
mod supervise;
mod sync;
mod transition;

pub use battlement_core::{CheckState, ConfigError, InvalidField, Phases};

#[cfg(feature = "serde")]
pub use self::settings::{CheckSettings, HealthSettings};
pub use self::{
    builder::HealthBuilder,
    check::{Check, IntoCheckState, RunCheck},
    details::Details,
    gate::Gate,
    health::Health,
    heartbeat::Heartbeat,
    hold::Hold,
    observe::Observe,
    probe::Probe,
    probe_client::{ProbeError, probe},
    registration::Registration,
    report::{CheckKind, CheckReport, Report, TaskReport},
    runs::{RunResult, Runs},
    service::{
        Format, HealthBody, HealthLayer, HealthProbes, HealthService, Paths, ResponseBody,
        ResponseFuture,
    },
    status::Status,
    summary::Summary,
    supervise::{TaskOutput, TaskPolicy},
    transition::Transition,
};
