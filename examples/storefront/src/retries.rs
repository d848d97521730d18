//! Retries of calls to other services.
//!
//! A call has up to three attempts. It is repeated only where a second attempt cannot do harm, and only within the budget
//! of its service: a fifth of the calls of the last ten seconds, and one more a second. Clones of a layer share the budget.

use battlement::retry::{AsTonic, Http, RetryLayer, WithError};

/// Returns the layer for a service that is called over HTTP. Requests are repeated if their method is idempotent or if they
/// have an `Idempotency-Key`.
pub fn http() -> RetryLayer<Http<WithError>> {
    RetryLayer::http().as_error()
}

/// Returns the layer for a service that is called over gRPC, with its idempotent methods.
pub fn grpc(idempotent: &[&str]) -> RetryLayer<Http<WithError, AsTonic>> {
    RetryLayer::tonic().as_error().idempotent_methods(idempotent)
}
