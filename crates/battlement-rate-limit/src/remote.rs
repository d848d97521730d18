//! The parts of a store in another process that do not depend on its protocol.
//!
//! Such a store may answer late, or not at all. These parts bound the wait and decide without an answer;
//! battlement-rate-limit-redis is made of them, and so is a store of your own:
//!
//! - [`until`] waits for an answer until a deadline, which it extends where this process itself was late.
//! - [`Fallback`] applies the [`OnFailure`] policy to a question that was not answered, with a [`Share`] of the limit in
//!   the memory of this process.
//! - [`DenyCache`] denies the repeated requests of a denied client without a round trip.
//! - [`Breaker`] decides whether the store is asked at all, so that an outage delays a few requests and no others.
//! - [`supervise`] probes the store in a task of its own, opens its circuit breakers and closes them again.
//!
//! The page `docs/write-a-store.md` of the repository contains a store that uses them.

#[cfg(feature = "remote")]
mod breaker;
#[cfg(feature = "remote")]
mod deadline;
#[cfg(feature = "remote")]
mod deny_cache;
#[cfg(feature = "remote")]
mod fallback;
#[cfg(feature = "remote")]
mod identity_hasher;
mod on_failure;
#[cfg(feature = "remote")]
mod probe;
#[cfg(feature = "serde")]
mod settings;
mod share;
#[cfg(feature = "remote")]
mod state;
#[cfg(feature = "remote")]
mod supervisor;

#[cfg(feature = "remote")]
pub use self::{
    breaker::Breaker,
    deadline::{Late, until},
    deny_cache::DenyCache,
    fallback::Fallback,
    probe::Probe,
    state::State,
    supervisor::supervise,
};
pub use self::{on_failure::OnFailure, share::Share};
