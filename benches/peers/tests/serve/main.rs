//! Tests how the peers accept and limit connections, as COMPARE.md describes it.
#![allow(missing_docs, reason = "a test")]

mod accepting;
mod age;
mod cancels;
mod half_close;
mod held;
mod last_response;
mod ours;
mod servers;
mod slow;
mod time;

use std::time::Duration;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
/// The limit that is set on peers that have one, which is also our default.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
