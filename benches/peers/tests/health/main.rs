//! Tests how the peers report health, as COMPARE.md describes it.
#![allow(missing_docs, reason = "a test")]

mod checks;
mod drain;
mod grpc;
mod http;
mod ours;
mod watch;

use std::time::Duration;

/// The time after which a server that has not ended is said to hang.
pub(crate) const HANGS: Duration = Duration::from_millis(500);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A reason that must not be public.
pub(crate) const DSN: &str = "postgres://shop:hunter2@db/shop";
