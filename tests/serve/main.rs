//! A server of `battlement_serve` over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accepting;
#[cfg(target_os = "linux")]
mod alone;
mod clients;
mod descriptors;
mod floods;
#[cfg(target_os = "linux")]
mod handed_over;
mod hang_matrix;
#[cfg(target_os = "linux")]
mod reuse_port;
mod running;
mod slow;
mod stacks;
mod storefront;
mod time_edges;
mod tls;

use std::time::Duration;

/// The maximum wait for a server.
const DEADLINE: Duration = Duration::from_secs(20);
