//! Timeouts and deadlines over real sockets: three servers in a row, bodies and streams, the order of the stack, and the
//! metrics around expired requests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod concurrent;
mod counted;
mod grpc;
mod hops;
mod order;
mod page;
mod streams;
mod trust;
