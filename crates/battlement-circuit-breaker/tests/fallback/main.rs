//! Fallbacks of failed calls.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod any;
mod bodies;
mod contract;
mod drops;
mod failures;
mod grpc;
mod marks;
mod reqwest;
mod support;
mod wiring;
