//! Answers that come before the request's body was read, over real sockets: a client that keeps its
//! connections open loses no request to them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keep_alive;
mod patient;
mod rejecting;
