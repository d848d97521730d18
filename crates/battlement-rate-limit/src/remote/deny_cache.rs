mod entries;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use smallvec::SmallVec;
use tokio::time::Instant;

use self::entries::Entries;
use crate::{Decision, PolicyState, Query, key::Secret};

/// A cache of recent denials, which answers repeated requests of a denied client without a round trip.
///
/// The cache never allows a request, and denies no longer than the store would. If another process refunds or resets,
/// the change takes effect after `max_age` at the latest. When the cache is full, a denial is evicted, mostly an old one,
/// and the next request of that key is sent to the store.
///
/// The `hash` of a denial is that of the key and of all numbers of its policies, so that a denial ends with the policies
/// that made it.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::{KeyHasher, Policy, Query};
///
/// struct Digest(u128);
///
/// impl Digest {
///     fn new(policies: &[Policy]) -> Self {
///         Self(KeyHasher::digest(format!("{policies:?}").as_bytes()))
///     }
/// }
///
/// /// The digest is computed once for each set of policies.
/// fn hash(query: &Query<'_>) -> u128 {
///     query.key.bits() ^ query.policies.derived(Digest::new).0
/// }
/// # let policies = Policy::per_day("day", 1).into();
/// # let key = battlement_rate_limit::KeyHash::from_bits(1);
/// # let query = |policies| Query::new(key, policies, 1, tokio::time::Instant::now());
/// # let other = Policy::per_day("day", 2).into();
/// # assert_eq!(hash(&query(&policies)), hash(&query(&policies)));
/// # assert_ne!(hash(&query(&policies)), hash(&query(&other)));
/// ```
#[derive(Debug)]
pub struct DenyCache {
    /// A secret of this process alone: clients may know how keys are hashed for the store.
    secret: Secret,
    shards: Box<[Mutex<Shard>]>,
    max_age: Duration,
}

#[derive(Debug)]
struct Shard {
    by_key: Entries<CachedDenial>,
    capacity: usize,
    /// The index of the next denial to evict.
    next: usize,
}

#[derive(Clone, Debug)]
struct CachedDenial {
    states: SmallVec<[PolicyState; 2]>,
    cost: u32,
    since: Instant,
    until: Instant,
}

const SHARDS: usize = 16;

impl DenyCache {
    /// Creates a cache for `capacity` denials, rounded up to a multiple of the number of shards; 0 disables it.
    #[must_use]
    pub fn new(capacity: usize, max_age: Duration) -> Self {
        let capacity = capacity.div_ceil(SHARDS);
        let shard = || Mutex::new(Shard { by_key: Entries::default(), capacity, next: 0 });
        let shards = if capacity == 0 { 0 } else { SHARDS };
        let shards = (0..shards).map(|_| shard()).collect();
        Self { secret: Secret::random(), shards, max_age }
    }

    /// Returns the states of the policies if they still deny `cost`, with the current time. The clock is read only if
    /// a denial is cached.
    pub fn find(
        &self,
        hash: u128,
        cost: u32,
        clock: impl FnOnce() -> Instant,
    ) -> Option<(SmallVec<[PolicyState; 2]>, Instant)> {
        let (mut shard, hash) = self.shard(hash)?;
        let denial = shard.by_key.get(hash)?;
        let now = clock();
        if denial.until <= now {
            shard.by_key.remove(hash);
            return None;
        }
        if denial.cost != cost {
            return None;
        }
        let passed = now.saturating_duration_since(denial.since);
        let states = denial.states.iter().map(|state| later(state, cost, passed)).collect();
        Some((states, now))
    }

    /// Caches a denial that the store made at some time between `asked` and `since`. The denial ends as if it was made at
    /// `asked`, and its wait is reported as if it was made at `since`.
    pub fn put(
        &self,
        hash: u128,
        query: &Query<'_>,
        states: &SmallVec<[PolicyState; 2]>,
        [asked, since]: [Instant; 2],
    ) {
        let Some((mut shard, hash)) = self.shard(hash) else { return };
        let real = query.policies.iter().zip(states).filter(|(policy, _)| !policy.is_shadow());
        let waits = real.filter_map(|(_, state)| match state.decision {
            Decision::Allow => None,
            Decision::Deny { wait } => Some(wait.unwrap_or(self.max_age)),
        });
        let Some(wait) = waits.max() else { return };
        let until = asked + wait.min(self.max_age);
        shard.put(hash, CachedDenial { states: states.clone(), cost: query.cost, since, until });
    }

    /// Removes a denial after a refund or a reset.
    pub fn remove(&self, hash: u128) {
        if let Some((mut shard, hash)) = self.shard(hash) {
            shard.by_key.remove(hash);
        }
    }

    /// Returns whether no denial is cached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of cached denials.
    #[must_use]
    pub fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| lock(shard).by_key.len();
        self.shards.iter().map(len).sum()
    }

    /// Returns the shard of a hash, and the hash within it.
    fn shard(&self, hash: u128) -> Option<(MutexGuard<'_, Shard>, u128)> {
        if self.shards.is_empty() {
            return None;
        }
        let hash = self.secret.rehash_bits(hash);
        let shard = self.shards.get(hash as usize % SHARDS)?;
        Some((lock(shard), hash))
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn put(&mut self, hash: u128, denial: CachedDenial) {
        if self.by_key.len() >= self.capacity && self.by_key.get(hash).is_none() {
            self.next = (self.next + 1) % self.by_key.len();
            self.by_key.remove_at(self.next);
        }
        self.by_key.insert(hash, denial);
    }
}

/// Returns a state after `passed`: a policy whose own wait is over has at least `cost` remaining.
fn later(state: &PolicyState, cost: u32, passed: Duration) -> PolicyState {
    let reset = state.reset.saturating_sub(passed);
    match state.decision {
        Decision::Deny { wait: Some(wait) } if wait <= passed => {
            PolicyState { decision: Decision::Allow, remaining: state.remaining.max(cost), reset }
        }
        Decision::Deny { wait: Some(wait) } => {
            let decision = Decision::Deny { wait: Some(wait.saturating_sub(passed)) };
            PolicyState { decision, remaining: state.remaining, reset }
        }
        decision => PolicyState { decision, remaining: state.remaining, reset },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyHash, Policies, Policy};

    const SECOND: Duration = Duration::from_secs(1);

    fn denied(millis: u64) -> SmallVec<[PolicyState; 2]> {
        let wait = Duration::from_millis(millis);
        let decision = Decision::Deny { wait: Some(wait) };
        smallvec::smallvec![PolicyState { decision, remaining: 0, reset: wait }]
    }

    fn put(cache: &DenyCache, hash: u128, policies: &Policies, millis: u64, now: Instant) {
        let query = Query::new(KeyHash::from_bits(0), policies, 1, now);
        cache.put(hash, &query, &denied(millis), [now, now]);
    }

    fn policies() -> Policies {
        Policies::from(Policy::per_second("second", 1))
    }

    fn find(
        cache: &DenyCache,
        hash: u128,
        cost: u32,
        now: Instant,
    ) -> Option<SmallVec<[PolicyState; 2]>> {
        cache.find(hash, cost, || now).map(|(states, _)| states)
    }

    #[test]
    fn denials_last_as_long_as_in_the_store_and_report_the_remaining_wait() {
        let (cache, now) = (DenyCache::new(100, SECOND), Instant::now());
        put(&cache, 1, &policies(), 800, now);
        let at = |millis| now + Duration::from_millis(millis);
        assert_eq!(find(&cache, 1, 1, at(300)), Some(denied(500)));
        assert_eq!((find(&cache, 2, 1, at(300)), find(&cache, 1, 2, at(300))), (None, None));
        assert_eq!(find(&cache, 1, 1, at(800)), None);
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn a_policy_whose_own_wait_is_over_no_longer_denies() {
        let (cache, now) = (DenyCache::new(100, SECOND), Instant::now());
        let policies =
            Policies::new([Policy::per_second("short", 9), Policy::per_minute("long", 9)]);
        let query = Query::new(KeyHash::from_bits(0), &policies, 3, now);
        let states = denied(200).into_iter().chain(denied(700)).collect();
        cache.put(1, &query, &states, [now, now]);
        let at = |millis| find(&cache, 1, 3, now + Duration::from_millis(millis)).unwrap();
        let both: SmallVec<[_; 2]> = denied(1).into_iter().chain(denied(501)).collect();
        assert_eq!(at(199), both);
        let over = PolicyState { decision: Decision::Allow, remaining: 3, reset: Duration::ZERO };
        assert_eq!((at(200)[0], at(200)[1]), (over, denied(500)[0]));
    }

    #[test]
    fn a_slow_reply_neither_extends_a_denial_nor_shortens_its_wait() {
        let (cache, asked) = (DenyCache::new(100, SECOND), Instant::now());
        let at = |millis| asked + Duration::from_millis(millis);
        let policies = policies();
        let query = Query::new(KeyHash::from_bits(0), &policies, 1, asked);
        cache.put(1, &query, &denied(500), [asked, at(40)]);
        assert_eq!(find(&cache, 1, 1, at(140)), Some(denied(400)));
        assert_eq!(find(&cache, 1, 1, at(500)), None);
    }

    #[test]
    fn denials_end_at_their_maximum_age_or_when_removed() {
        let (cache, now) = (DenyCache::new(100, SECOND), Instant::now());
        put(&cache, 1, &policies(), 5_000, now);
        assert!(find(&cache, 1, 1, now + Duration::from_millis(999)).is_some());
        assert_eq!(find(&cache, 1, 1, now + SECOND), None);
        put(&cache, 1, &policies(), 5_000, now);
        cache.remove(1);
        assert_eq!(find(&cache, 1, 1, now), None);
    }

    #[test]
    fn the_cache_is_bounded_and_can_be_disabled() {
        let (cache, now) = (DenyCache::new(160, SECOND), Instant::now());
        for key in 0..100_000_u128 {
            put(&cache, key << 64 | key, &policies(), 5_000, now);
        }
        assert_eq!(cache.len(), 160);
        let off = DenyCache::new(0, SECOND);
        put(&off, 1, &policies(), 5_000, now);
        assert_eq!((off.len(), find(&off, 1, 1, now)), (0, None));
    }

    #[test]
    fn keys_chosen_to_collide_do_not_evict_each_other() {
        let (cache, now) = (DenyCache::new(1_600, SECOND), Instant::now());
        for key in 0..800_u128 {
            // The lower bits select the shard, and the upper bits the position in it.
            put(&cache, key << 8, &policies(), 5_000, now);
        }
        assert_eq!(cache.len(), 800);
    }

    #[test]
    fn a_denial_by_a_shadow_policy_alone_is_not_cached() {
        let (cache, now) = (DenyCache::new(100, SECOND), Instant::now());
        let policies = Policies::from(Policy::per_second("tried", 1).shadow(true));
        put(&cache, 1, &policies, 5_000, now);
        assert_eq!(find(&cache, 1, 1, now), None);
    }
}
