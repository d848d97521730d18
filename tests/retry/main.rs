//! Requests that are sent again, over real sockets, judged by what the upstream counts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod balanced;
mod bodies;
mod caller;
mod charges;
mod clients;
mod dropped;
mod grpc;
mod hedged;
mod nested;
mod outage;
mod refused;
mod released;
