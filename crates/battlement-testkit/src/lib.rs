//! The contract every battlement layer keeps, as a test suite, and real servers to try it on.
//!
//! A tower layer that works in its own tests can still spend readiness it does not have, forget to give
//! back what a dropped call held, or eat the trailers of a gRPC answer; and nobody sees it before
//! production does. So the rules stand in one suite, which every layer runs as its `tests/contract.rs`,
//! and a broken layer for each rule proves that the suite can fail.
//!
//! # Example
//!
//! ```
//! use battlement_testkit::contract::Contract;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // Put your layer here, with settings that let every call through.
//! Contract::new(tower::layer::util::Identity::new).run().await;
//! # }
//! ```
//!
//! # What is here
//!
//! - [`contract`]: the rules, and how to run them
//! - [`probe`]: a service that does as it is told and remembers what was done to it; also for tests of one
//!   layer's own work
//! - [`eventually`]: waits for a condition, with a deadline
//! - `server` and `client`: hyper, axum and tonic servers on loopback ports; clients of one connection,
//!   and of raw bytes
//! - `echo`: a tonic service to put layers around
//! - `proxy`: a TCP proxy to put between a client and its server, and to slow down, freeze and cut
//! - `redis`: a real `redis-server` to kill, stop and restart; with a replica, with TLS; a cluster
//!
//! Servers bind real sockets: do not use them under paused time.
//!
//! # Feature flags
//!
//! - `server`: the modules `server` and `client`
//! - `axum`: `Server::axum`
//! - `tonic`: `Server::tonic` and the module `echo`
//! - `proxy`: the module `proxy`
//! - `redis`: the module `redis`

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "server")]
pub mod client;
pub mod contract;
#[cfg(feature = "tonic")]
pub mod echo;
mod eventually;
pub mod probe;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "server")]
pub mod server;

pub use self::eventually::eventually;
