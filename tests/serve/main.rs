//! A server of `battlement_serve` over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod descriptors;
mod floods;
mod slow;
mod stacks;

use std::time::Duration;

/// The maximum wait for a server.
const DEADLINE: Duration = Duration::from_secs(20);
