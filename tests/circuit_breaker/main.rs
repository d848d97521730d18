//! A breaker in a client, over real sockets, around an upstream that fails and recovers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod grpc;
mod half_open;
mod layers;
mod outages;
mod stack;
