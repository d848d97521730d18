use std::time::Duration;

use tokio::time::Instant;

use super::{
    Clock,
    flaw::{Checked, Flaw},
    policies::described,
    random::Random,
    states::shown,
};
use crate::{KeyHash, Outcome, Policies, Query, Store};

/// A new store, and the time by which it decides, in nanoseconds since an arbitrary start.
pub(super) struct Subject<St> {
    pub(super) store: St,
    clock: Clock<St>,
    opened: Instant,
    now: u64,
    latest: u64,
    keys: Random,
    may_fail: bool,
}

/// The time at which a test begins, late enough for clocks that are set back.
const BEGIN: u64 = 3_600_000_000_000;
/// How often a peek is repeated if the store may fail.
const PEEKS: usize = 50;
/// The resolution of real clocks.
const RESOLUTION: Duration = Duration::from_millis(1);

impl<St: Store> Subject<St> {
    pub(super) fn new(store: St, clock: Clock<St>, seed: u64, may_fail: bool) -> Self {
        let (opened, keys) = (Instant::now(), Random::new(!seed));
        let mut subject = Self { store, clock, opened, now: 0, latest: 0, keys, may_fail };
        subject.set(BEGIN);
        subject
    }

    /// Returns a key that was not used before.
    pub(super) fn key(&mut self) -> KeyHash {
        KeyHash::from_bits(u128::from(self.keys.next()) << 64 | u128::from(self.keys.next()))
    }

    pub(super) fn query<'a>(&self, key: KeyHash, policies: &'a Policies, cost: u32) -> Query<'a> {
        let now = match self.clock {
            Clock::Query | Clock::LatestQuery => self.opened + Duration::from_nanos(self.now),
            Clock::Set(_) | Clock::Real => Instant::now(),
        };
        Query::new(key, policies, cost, now)
    }

    pub(super) async fn acquire(&self, query: &Query<'_>) -> Checked<Outcome> {
        well_formed(query, self.store.acquire(query).await?)
    }

    /// Peeks, again and again if the store may fail: a peek changes nothing.
    pub(super) async fn peek(&self, query: &Query<'_>) -> Checked<Outcome> {
        for _ in 0..PEEKS {
            match self.store.peek(query).await {
                Err(_) if self.may_fail => {}
                answered => return well_formed(query, answered?),
            }
        }
        well_formed(query, self.store.peek(query).await?)
    }

    pub(super) async fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Checked {
        Ok(self.store.refund(query, charged).await?)
    }

    pub(super) async fn reset(&self, query: &Query<'_>) -> Checked {
        Ok(self.store.reset(query).await?)
    }

    /// Peeks, and compares the remaining units.
    pub(super) async fn expect(&self, query: &Query<'_>, left: &[u32], after: &str) -> Checked {
        let outcome = self.peek(query).await?;
        expect_left(query, &outcome, left, after)
    }

    /// Acquires, and compares the decision and the remaining units.
    pub(super) async fn acquire_as(
        &self,
        query: &Query<'_>,
        is_denied: bool,
        left: &[u32],
        after: &str,
    ) -> Checked<Outcome> {
        let outcome = self.acquire(query).await?;
        let decision = if is_denied { "denied" } else { "allowed" };
        Flaw::unless(outcome.is_denied(query.policies) == is_denied, || {
            format!(
                "{after}, a request for {} must be {decision}, got {}",
                query.cost,
                shown(&outcome.states)
            )
        })?;
        expect_left(query, &outcome, left, after)?;
        Ok(outcome)
    }

    /// Returns whether the store may return errors.
    pub(super) const fn may_fail(&self) -> bool {
        self.may_fail
    }

    /// Returns whether the suite can change the time by which the store decides.
    pub(super) const fn is_movable(&self) -> bool {
        !self.clock.is_real()
    }

    pub(super) const fn is_latest_query(&self) -> bool {
        matches!(self.clock, Clock::LatestQuery)
    }

    /// Returns the time by which the store decides. A real clock counts as stopped; see
    /// [`tolerance`](Self::tolerance).
    pub(super) const fn decides_at(&self) -> u64 {
        if self.is_latest_query() { self.latest } else { self.now }
    }

    /// Returns the time that the suite has set.
    pub(super) const fn now(&self) -> u64 {
        self.now
    }

    /// Returns the latest time so far.
    pub(super) const fn latest(&self) -> u64 {
        self.latest
    }

    /// Returns by how much a wait may differ from the expected one.
    pub(super) fn tolerance(&self) -> Duration {
        if self.is_movable() { Duration::ZERO } else { self.opened.elapsed() + RESOLUTION }
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.set(self.now + u64::try_from(by.as_nanos()).unwrap_or(0));
    }

    /// Sets the time, forwards or backwards.
    pub(super) fn set(&mut self, now: u64) {
        self.now = now;
        self.latest = self.latest.max(now);
        if let Clock::Set(set) = self.clock {
            set(&self.store, Duration::from_nanos(now));
        }
    }
}

fn well_formed(query: &Query<'_>, outcome: Outcome) -> Checked<Outcome> {
    let (states, policies) = (outcome.states.len(), query.policies.len());
    Flaw::unless(states == policies, || {
        format!("an answer must have a state for each of {policies} policies, got {states}")
    })?;
    Flaw::unless(outcome.source.is_exact(), || {
        format!("an answer must come from the store, got one from `{}`", outcome.source.as_str())
    })?;
    Ok(outcome)
}

fn expect_left(query: &Query<'_>, outcome: &Outcome, left: &[u32], after: &str) -> Checked {
    let is_same = outcome.states.iter().map(|state| &state.remaining).eq(left);
    Flaw::unless(is_same, || {
        let (policies, answered) = (described(query.policies), shown(&outcome.states));
        format!("{after}, {left:?} units must remain of {policies}, got {answered}")
    })
}
