use crate::{PolicyState, Query};

/// The expected behavior of a store for one key.
pub(super) trait Reference: Clone {
    /// A charge, as the reference finds it again to refund it.
    type Charge: Clone;

    /// Charges all policies or none; returns the charge, if there is one, and the state of each policy.
    fn acquire(&mut self, query: &Query<'_>, now: u64) -> (Option<Self::Charge>, Vec<PolicyState>);

    fn peek(&mut self, query: &Query<'_>, now: u64) -> Vec<PolicyState>;

    fn refund(&mut self, query: &Query<'_>, now: u64, charge: &Self::Charge);

    fn reset(&mut self, query: &Query<'_>);

    /// Returns whether state that had expired at `latest` applies again at `now`, to which the clock was set back. A
    /// store may have removed such state or not.
    fn revives(&self, latest: u64, now: u64) -> bool;
}
