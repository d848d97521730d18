use tokio::time::Instant;

use crate::{KeyHash, Policies};

/// A question to a [`Store`](crate::Store) about one key.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Query<'a> {
    /// The key whose limit applies.
    pub key: KeyHash,
    /// The policies, each of which has a state of its own for the key.
    pub policies: &'a Policies,
    /// The cost in units. A cost of 0 charges nothing and only returns the remaining units.
    pub cost: u32,
    /// The time of the request, by the clock of this process. A shared store has its own clock.
    pub now: Instant,
}

impl<'a> Query<'a> {
    /// Creates a question about `cost` units for `key`, at `now` by the clock of this process.
    #[must_use]
    pub const fn new(key: KeyHash, policies: &'a Policies, cost: u32, now: Instant) -> Self {
        Self { key, policies, cost, now }
    }
}
