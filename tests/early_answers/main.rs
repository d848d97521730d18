//! Responses that are sent before the body of the request was read, over real sockets: a client that keeps its
//! connections open loses no request.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keep_alive;
mod patient;
mod rejecting;
