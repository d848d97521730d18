//! A concurrency limit under axum, hyper and tonic, over real sockets, with clients that read slowly, leave, or send half of
//! a body.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures are for the terminal")]

mod client;
mod customers;
mod cut;
#[path = "../chaos/dice.rs"]
mod dice;
mod half_sent;
mod leaving;
mod service;
mod slow;

use std::time::Duration;

/// Longer than any awaited event takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
