//! A server of `battlement_serve` over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod descriptors;
mod floods;
mod hang_matrix;
mod slow;
mod stacks;
mod time_edges;
mod tls;

use std::time::Duration;

/// The maximum wait for a server.
const DEADLINE: Duration = Duration::from_secs(20);
