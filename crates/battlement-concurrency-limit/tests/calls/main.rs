//! Calls of HTTP services, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adaptive;
mod classes;
mod drops;
mod handle;
mod matrix;
mod model;
mod observed;
mod permits;
mod queue;
mod rejections;
mod samples;
mod support;
