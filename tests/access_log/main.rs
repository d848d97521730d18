//! The access log under real servers: one record for each way in which a request ends, that no client can forge.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
mod broken;
mod corpus;
mod goaccess;
mod grpc;
mod hostile;
mod ids;
mod log;
mod matrix;
mod page;
mod readers;
mod sampling;
mod secrets;
mod storms;
mod traps;
