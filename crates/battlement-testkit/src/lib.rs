//! A contract test suite for battlement layers, and real servers to test them with.
//!
//! A tower layer that passes its own tests can still call a service that is not ready, leak a permit when a call is
//! dropped, or lose the trailers of a gRPC response, and such a bug first shows in production. Therefore a single suite
//! checks the rules of the contract. Every layer runs this suite in its `tests/contract.rs`, and the testkit's own
//! tests contain a layer that breaks each rule.
//!
//! # Example
//!
//! ```
//! use battlement_testkit::contract::Contract;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // Replace `Identity` with a layer that is configured to allow every call.
//! Contract::new(tower::layer::util::Identity::new).run().await;
//! # }
//! ```
//!
//! # Modules
//!
//! - [`contract`]: the rules, and the suite that checks them, for HTTP services and for services of any request
//! - [`probe`]: inner services with scripted replies that record their calls, also for the tests of a single layer
//! - [`eventually`]: waits for a condition with a deadline
//! - [`depends_on`]: asks cargo whether a package depends on a crate
//! - [`unescaped`]: reverses the escaping of access logs
//! - `server` and `client`: hyper, axum and tonic servers on loopback ports, and clients with a single connection,
//!   also for raw bytes
//! - `matrix`: the 18 ways in which an HTTP request can end, for layers that work until the end of a response
//! - `certificates`: a certificate authority for servers and clients
//! - `balancer`: a TCP load balancer between clients and several instances of a server, which it polls for readiness
//! - `echo`: a tonic service to wrap in layers
//! - `proxy`: a TCP proxy between a client and its server that delays, holds back and resets connections
//! - `load`: callers that never retry a request and count the results, and an open-loop generator that measures latency
//!   from the time a request was due
//! - `process`: programs that end when their value is dropped and when the test process ends; their log, signals and
//!   exit codes
//! - `wiring`: a suite that checks how a layer fits into a service: its body, settings, metrics, clients and CORS
//! - `python`: Python interpreters with packages, for clients and parsers of other authors
//! - `prometheus`: `promtool` and a strict OpenMetrics parser, which read metrics pages
//! - `redis`: a real `redis-server` that tests can kill, pause and restart, also with a replica, with TLS and as a
//!   cluster
//! - `store`: a suite that checks whether a store of battlement-rate-limit makes the right decisions, also from several
//!   processes
//! - `upstream`: a server that answers late, fails, resets or hangs as each request specifies, and counts the requests
//!   that it has received and processed
//!
//! Servers use real sockets: do not use them with paused time.
//!
//! # Feature flags
//!
//! - `contract`, a default feature: the module `contract`. Adds tokio-test, and with it tokio's pausable clock, whose
//!   readings cost more; programs that measure costs disable this feature.
//! - `server`: the modules `server`, `client` and `matrix`
//! - `axum`: `Server::axum`
//! - `tonic`: `Server::tonic` and the module `echo`
//! - `proxy`: the module `proxy`
//! - `balancer`: the module `balancer`; includes `server`
//! - `load`: the module `load`; includes `server`
//! - `certificates`: the module `certificates`
//! - `process`: the module `process`; Unix only
//! - `python`: the module `python`
//! - `prometheus`: the module `prometheus`; includes `python`
//! - `redis`: the module `redis`; includes `certificates` and `process`
//! - `store`: the module `store`; includes `process`
//! - `upstream`: the module `upstream`
//! - `wiring`: the module `wiring` and the macro `wiring!`; includes `prometheus`
//! - `wiring-client`: the part `client` of the wiring suite; includes `wiring` and `tonic`

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "balancer")]
pub mod balancer;
#[cfg(feature = "certificates")]
pub mod certificates;
#[cfg(feature = "server")]
pub mod client;
#[cfg(feature = "contract")]
pub mod contract;
mod depends_on;
#[cfg(feature = "tonic")]
pub mod echo;
mod eventually;
#[cfg(any(feature = "balancer", feature = "proxy", feature = "server", feature = "upstream"))]
mod listener;
#[cfg(feature = "load")]
pub mod load;
#[cfg(feature = "server")]
pub mod matrix;
pub mod probe;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "python")]
pub mod python;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "store")]
pub mod store;
mod unescaped;
#[cfg(feature = "upstream")]
pub mod upstream;
#[cfg(feature = "wiring")]
pub mod wiring;

pub use self::{depends_on::depends_on, eventually::eventually, unescaped::unescaped};
