//! The gRPC health protocol (`grpc.health.v1.Health`) for tonic: [`HealthServer`].
//!
//! The types of tonic appear in this module alone, so that a new version of tonic changes nothing else.

mod answers;
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    missing_docs,
    unnameable_types,
    unreachable_pub,
    unused_qualifications,
    reason = "generated"
)]
mod proto;
mod registration;
mod server;
mod services;
mod watch;
mod watch_limit;

pub use self::{registration::ServiceRegistration, server::HealthServer};
