use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, time::Instant};

use super::{
    OnFailure, Redis, Share,
    client::{Client, TimedAnswer},
    dispatch::{Batched, Dispatch, Individual},
    encoded::Encoded,
    key::RedisKey,
    question::{Answer, Operation, Question},
};
use crate::{
    KeyHash, Later, Memory, Outcome, Policies, Query, Receipt, Source, Store, StoreError, Usage,
    key::Secret, remote::DenyCache,
};

/// A store for one limiter in Redis, created by [`Redis::store`].
///
/// Stores with the same name share their counts, in all processes. Clones share all state.
#[derive(Clone)]
pub struct RedisStore {
    redis: Redis,
    inner: Arc<Inner>,
}

struct Inner {
    /// The beginning of keys: the prefix and the name, up to the hash.
    key_prefix: Arc<str>,
    on_failure: OnFailure,
    denials: DenyCache,
    /// Counts while Redis is unavailable.
    memory: Memory,
    /// Hashes keys for that memory: clients may know how they are hashed for Redis.
    secret: Secret,
    /// The shares of recently used sets of policies.
    shares: Mutex<Vec<(u128, Policies)>>,
}

/// The longest time for which a denial is cached.
const MAX_AGE: Duration = Duration::from_secs(1);
/// The default number of cached denials, of about 200 bytes each.
const MAX_DENIALS: usize = 10_000;
/// The largest number of sets of policies whose shares are cached; services have fewer tiers.
const MAX_SHARES: usize = 32;

impl RedisStore {
    /// The source of decisions that Redis made.
    pub const SOURCE: Source = Source::new("redis");

    pub(super) fn new(redis: Redis, name: &str, on_failure: OnFailure) -> Self {
        let key_prefix = format!("{}:{{{name}:", redis.prefix()).into();
        let inner = Inner {
            key_prefix,
            on_failure,
            denials: DenyCache::new(MAX_DENIALS, MAX_AGE),
            memory: Memory::default(),
            secret: Secret::random(),
            shares: Mutex::default(),
        };
        Self { redis, inner: Arc::new(inner) }
    }

    /// Sets the number of denied keys that are cached, and denied without a round trip to Redis until their wait has
    /// passed. Default: 10,000, about 2 MB; 0 disables the cache.
    ///
    /// The cache starts empty, so call this before the store is cloned.
    #[must_use]
    pub fn deny_cache(self, keys: usize) -> Self {
        let inner = &self.inner;
        let inner = Inner {
            key_prefix: Arc::clone(&inner.key_prefix),
            on_failure: inner.on_failure,
            denials: DenyCache::new(keys, MAX_AGE),
            memory: inner.memory.clone(),
            secret: inner.secret.clone(),
            shares: Mutex::default(),
        };
        Self { redis: self.redis, inner: Arc::new(inner) }
    }

    /// Returns the client of this store, with its state.
    #[must_use]
    pub const fn redis(&self) -> &Redis {
        &self.redis
    }

    /// Returns the number of keys in the deny cache.
    #[must_use]
    pub fn denials(&self) -> usize {
        self.inner.denials.len()
    }

    /// Returns the memory that counts while Redis is unavailable.
    #[must_use]
    pub fn fallback(&self) -> &Memory {
        &self.inner.memory
    }

    pub(super) fn on_failure(&self) -> OnFailure {
        self.inner.on_failure
    }

    fn redis_key(&self, key: KeyHash) -> RedisKey {
        RedisKey::new(Arc::clone(&self.inner.key_prefix), key.bits())
    }

    fn slot(&self, key: KeyHash) -> u16 {
        if self.redis.is_cluster() { self.redis_key(key).slot() } else { 0 }
    }

    async fn ask(
        &self,
        query: &OwnedQuery,
        operation: Operation,
        asked: Instant,
    ) -> Result<TimedAnswer, StoreError> {
        let client = self.redis.client().ok_or(StoreError::Unavailable)?;
        if self.redis.is_coalesced() {
            self.send::<Batched>(&client, query, operation, asked).await
        } else {
            self.send::<Individual>(&client, query, operation, asked).await
        }
    }

    fn send<'a, D: Dispatch>(
        &'a self,
        client: &'a Arc<Client>,
        query: &'a OwnedQuery,
        operation: Operation,
        asked: Instant,
    ) -> impl Future<Output = Result<TimedAnswer, StoreError>> + 'a {
        let slot = self.slot(query.key);
        let question = move || Question {
            key: self.redis_key(query.key),
            slot,
            policies: query.policies.clone(),
            cost: query.cost,
            operation: operation.clone(),
        };
        client.ask::<D>(slot, asked, question)
    }

    /// Returns the key of a denial in the cache. Both parts are hashes already.
    fn denial_hash(query: &Query<'_>) -> u128 {
        query.key.bits() ^ Encoded::of(query.policies).digest
    }

    /// Applies the configured `OnFailure` policy.
    fn apply_on_failure(
        &self,
        query: &Query<'_>,
        error: StoreError,
    ) -> Result<Outcome, StoreError> {
        match self.inner.on_failure {
            OnFailure::Deny => Err(error),
            OnFailure::Allow => {
                Ok(Outcome::new([].into_iter().collect(), Source::FAILURE, query.now))
            }
            OnFailure::LocalFallback { share } => {
                let policies = self.inner.share(share, query.policies);
                let key = self.inner.secret.rehash(query.key);
                let outcome =
                    self.inner.memory.acquire(&Query::new(key, &policies, query.cost, query.now));
                // The receipt is that of the memory.
                Ok(Outcome { source: Source::FALLBACK, ..outcome })
            }
        }
    }

    /// Returns the outcome of an answer to a question that was asked at `asked`.
    fn outcome(
        &self,
        query: &Query<'_>,
        answered: TimedAnswer,
        asked: Instant,
    ) -> Result<Outcome, StoreError> {
        let Answer::Done(states) = answered.answer else { return Err(StoreError::Failed) };
        let outcome = Outcome::new(states, Self::SOURCE, asked);
        if query.cost > 0 && outcome.is_denied(query.policies) {
            let when = [asked, Instant::now()];
            self.inner.denials.put(Self::denial_hash(query), query, &outcome.states, when);
        }
        Ok(outcome.with_receipt(Receipt::new(answered.at)))
    }

    /// Refunds in a task of its own, so that the refund is made even if its future is dropped.
    fn refund_in_redis(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        let (store, operation) = (self.clone(), Operation::refund(query, charged));
        let query = OwnedQuery::new(query);
        let refund = async move {
            let answered = store.ask(&query, operation, Instant::now()).await;
            // A request may have been denied meanwhile.
            store.inner.denials.remove(Self::denial_hash(&query.as_query()));
            answered.map(|_| ())
        };
        let task = Handle::try_current().map(|runtime| runtime.spawn(refund));
        Later::new(async move {
            match task {
                Ok(task) => task.await.unwrap_or(Err(StoreError::Failed)),
                Err(_) => Err(StoreError::Unavailable),
            }
        })
    }

    async fn acquire_in_redis<D: Dispatch>(
        self,
        client: Arc<Client>,
        query: OwnedQuery,
    ) -> Result<Outcome, StoreError> {
        let asked = Instant::now();
        match self.send::<D>(&client, &query, Operation::Acquire, asked).await {
            Ok(answered) => self.outcome(&query.as_query(), answered, asked),
            Err(error) => self.apply_on_failure(&query.as_query(), error),
        }
    }
}

impl Inner {
    fn refund_fallback(&self, query: &Query<'_>, share: Share, charged: &Outcome) {
        let policies = self.share(share, query.policies);
        let key = self.secret.rehash(query.key);
        self.memory.refund(&Query::new(key, &policies, query.cost, query.now), charged);
    }

    fn share(&self, share: Share, policies: &Policies) -> Policies {
        let digest = Encoded::of(policies).digest;
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, share)) = shares.iter().find(|(known, _)| *known == digest) {
            return share.clone();
        }
        if shares.len() >= MAX_SHARES {
            shares.remove(0);
        }
        let share = share.of(policies);
        shares.push((digest, share.clone()));
        share
    }
}

/// A question that outlives its caller.
struct OwnedQuery {
    key: KeyHash,
    policies: Policies,
    cost: u32,
    now: Instant,
}

impl OwnedQuery {
    fn new(query: &Query<'_>) -> Self {
        Self { key: query.key, policies: query.policies.clone(), cost: query.cost, now: query.now }
    }

    fn as_query(&self) -> Query<'_> {
        Query::new(self.key, &self.policies, self.cost, self.now)
    }
}

impl Store for RedisStore {
    type Answer<T: Send + 'static> = Later<T>;

    fn acquire(&self, query: &Query<'_>) -> Later<Outcome> {
        if let Some((states, now)) =
            self.inner.denials.find(Self::denial_hash(query), query.cost, Instant::now)
        {
            return Later::now(Ok(Outcome::new(states, Source::DENY_CACHE, now)));
        }
        let client = self.redis.client().filter(|client| client.may_ask(self.slot(query.key)));
        let Some(client) = client else {
            return Later::now(self.apply_on_failure(query, StoreError::Unavailable));
        };
        let (store, query) = (self.clone(), OwnedQuery::new(query));
        if self.redis.is_coalesced() {
            Later::new(store.acquire_in_redis::<Batched>(client, query))
        } else {
            Later::new(store.acquire_in_redis::<Individual>(client, query))
        }
    }

    fn peek(&self, query: &Query<'_>) -> Later<Outcome> {
        let (store, query) = (self.clone(), OwnedQuery::new(query));
        Later::new(async move {
            let asked = Instant::now();
            let answered = store.ask(&query, Operation::Peek, asked).await?;
            let Answer::Done(states) = answered.answer else { return Err(StoreError::Failed) };
            Ok(Outcome::new(states, Self::SOURCE, asked))
        })
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        self.inner.denials.remove(Self::denial_hash(query));
        match (charged.source, self.inner.on_failure) {
            (Self::SOURCE, _) => self.refund_in_redis(query, charged),
            (Source::FALLBACK, OnFailure::LocalFallback { share }) => {
                self.inner.refund_fallback(query, share, charged);
                Later::now(Ok(()))
            }
            // There is no charge to refund.
            _ => Later::now(Ok(())),
        }
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        self.inner.denials.remove(Self::denial_hash(query));
        let key = self.inner.secret.rehash(query.key);
        self.inner.memory.reset(&Query::new(key, query.policies, query.cost, query.now));
        let (store, query) = (self.clone(), OwnedQuery::new(query));
        Later::new(async move {
            store.ask(&query, Operation::Reset, Instant::now()).await?;
            // A request may have been denied meanwhile.
            store.inner.denials.remove(Self::denial_hash(&query.as_query()));
            Ok(())
        })
    }

    fn seed(&self) -> Option<[u64; 2]> {
        Some(self.redis.seed())
    }

    fn sources(&self) -> &'static [Source] {
        match self.inner.on_failure {
            OnFailure::Deny | OnFailure::Allow => {
                &[Self::SOURCE, Source::DENY_CACHE, Source::FAILURE]
            }
            OnFailure::LocalFallback { .. } => {
                &[Self::SOURCE, Source::DENY_CACHE, Source::FALLBACK]
            }
        }
    }

    fn usage(&self) -> Usage {
        Usage { denials: Some(self.denials()), ..self.inner.memory.usage() }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("redis", &self.redis)
            .field("on_failure", &self.inner.on_failure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::{assert_ready_ok, task::spawn};

    use super::*;
    use crate::Policy;

    #[test]
    fn keys_chosen_to_collide_spread_over_the_fallback() {
        let redis = Redis::new("redis://127.0.0.1:1/").unwrap();
        let fallback = OnFailure::LocalFallback { share: Share::percent(100) };
        let store = redis.store("orders", fallback);
        let (policies, now) = (Policies::from(Policy::per_day("day", 2)), Instant::now());
        // The lower bits select one of 64 parts, each of 3,907 keys.
        let query = |n: u128| Query::new(KeyHash::of_bits(n << 64), &policies, 1, now);
        let take = |n| store.apply_on_failure(&query(n), StoreError::Unavailable).unwrap();
        (0..5_000).for_each(|n| drop(take(n)));
        assert_eq!((store.fallback().cells(), store.fallback().overflows()), (5_000, 0));
        let charged = take(0);
        assert_eq!(charged.states[0].remaining, 0);
        assert_ready_ok!(spawn(store.refund(&query(0), &charged)).poll());
        assert_eq!(take(0).states[0].remaining, 0, "the refunded unit was acquired again");
        drop(store.reset(&query(0)));
        assert_eq!(take(0).states[0].remaining, 1, "the reset includes the fallback");
    }
}
