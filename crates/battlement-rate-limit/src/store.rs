//! The interface of stores.

mod answer;
mod chosen;
mod decision;
mod error;
mod memory_or;
mod outcome;
mod policy_state;
mod query;
mod receipt;
mod sealed;
mod source;

use std::fmt;

pub(crate) use self::answer::BoxFuture;
pub use self::{
    answer::{Answer, Later, Now},
    chosen::Chosen,
    decision::Decision,
    error::StoreError,
    memory_or::MemoryOr,
    outcome::Outcome,
    policy_state::PolicyState,
    query::Query,
    receipt::Receipt,
    source::Source,
};
use crate::Usage;

/// A store for the state of the keys.
///
/// A [`Query`] is about one key and all of its policies, which a store decides atomically: it charges all of them or
/// none. Clones share the state.
pub trait Store: Clone + fmt::Debug + Send + Sync + 'static {
    /// The type of answers: [`Now`] for a store that always answers at once, and [`Later`] for every other.
    ///
    /// With [`Later`], a request may wait outside of the inner service, together with the service that was polled
    /// ready for it. A clone takes the place of that service, so services around such a store must be `Clone`.
    type Answer<T: Send + 'static>: Answer<T>;

    /// Charges the cost to all policies, if all of them allow it. The decisions of [shadow](crate::Policy::shadow)
    /// policies do not count: such a policy is charged if it allows the cost and the request is allowed.
    fn acquire(&self, query: &Query<'_>) -> Self::Answer<Outcome>;

    /// Returns the decision that [`acquire`](Self::acquire) would make, without charging anything.
    fn peek(&self, query: &Query<'_>) -> Self::Answer<Outcome>;

    /// Refunds the units that the decision `charged` has taken, except those that have been restored since. The refund
    /// is made even if the answer is dropped.
    ///
    /// Key, policies and cost of `query` are those of the charge, which the caller refunds once: another cost, or a
    /// second refund, would restore units that other requests have used.
    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Self::Answer<()>;

    /// Removes the state of the key under all of these policies.
    fn reset(&self, query: &Query<'_>) -> Self::Answer<()>;

    /// Returns the secret under which keys are hashed, if other processes must compute the same hashes. Default: none,
    /// which selects random bits of this process, so that clients cannot make keys collide.
    fn seed(&self) -> Option<[u64; 2]> {
        None
    }

    /// Returns the sources of this store's decisions, so that metrics can show them with a count of 0 from the start.
    /// Default: none.
    fn sources(&self) -> &'static [Source] {
        &[]
    }

    /// Returns the usage of memory in this process. Default: no usage.
    fn usage(&self) -> Usage {
        Usage::default()
    }
}
