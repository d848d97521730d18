//! Calls of HTTP and gRPC through a breaker, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod drops;
mod handle;
mod keys;
mod observed;
mod probes;
mod rejections;
mod support;
mod verdicts;
