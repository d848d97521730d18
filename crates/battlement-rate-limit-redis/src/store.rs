use std::{fmt, sync::Arc, time::Duration};

use battlement_rate_limit::{
    KeyHash, Later, Memory, Outcome, Policies, Query, Receipt, Source, Store, StoreError, Usage,
    remote::{DenyCache, Fallback, OnFailure},
};
use tokio::{runtime::Handle, time::Instant};

use crate::{
    Redis,
    client::TimedAnswer,
    dispatch::{Batched, Dispatch, Dispatcher, Individual},
    script::{Answer, Encoded, NAME, Operation, Question, RedisKey, is_name},
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
    denials: DenyCache,
    fallback: Fallback,
}

/// The longest time for which a denial is cached.
const MAX_AGE: Duration = Duration::from_secs(1);
/// The default number of cached denials, of about 200 bytes each.
const MAX_DENIALS: usize = 10_000;

impl Redis {
    /// Returns the store of the limiter with this name. Stores with the same name share their counts, in all
    /// processes.
    ///
    /// # Panics
    ///
    /// Panics if the name is not 1 to 64 characters, each a letter, a digit or one of `-_.:/`.
    #[must_use]
    pub fn store(&self, name: &str, on_failure: OnFailure) -> RedisStore {
        assert!(is_name(name), "the name of a limiter {NAME}, got {name:?}");
        RedisStore::new(self.clone(), name, on_failure)
    }
}

impl RedisStore {
    /// The source of decisions that Redis made.
    pub const SOURCE: Source = Source::new("redis");

    pub(crate) fn new(redis: Redis, name: &str, on_failure: OnFailure) -> Self {
        let key_prefix = format!("{}:{{{name}:", redis.prefix()).into();
        let inner = Inner {
            key_prefix,
            denials: DenyCache::new(MAX_DENIALS, MAX_AGE),
            fallback: Fallback::new(on_failure),
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
            denials: DenyCache::new(keys, MAX_AGE),
            fallback: inner.fallback.clone(),
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
        self.inner.fallback.memory()
    }

    pub(crate) fn on_failure(&self) -> OnFailure {
        self.inner.fallback.on_failure()
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
        let dispatcher = self.redis.dispatcher().ok_or(StoreError::Unavailable)?;
        if self.redis.is_coalesced() {
            self.send::<Batched>(&dispatcher, query, operation, asked).await
        } else {
            self.send::<Individual>(&dispatcher, query, operation, asked).await
        }
    }

    fn send<'a, D: Dispatch>(
        &'a self,
        dispatcher: &'a Dispatcher,
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
        dispatcher.ask::<D>(slot, asked, question)
    }

    /// Returns the key of a denial in the cache. Both parts are hashes already.
    fn denial_hash(query: &Query<'_>) -> u128 {
        query.key.bits() ^ Encoded::of(query.policies).digest
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
        dispatcher: Arc<Dispatcher>,
        query: OwnedQuery,
    ) -> Result<Outcome, StoreError> {
        let asked = Instant::now();
        match self.send::<D>(&dispatcher, &query, Operation::Acquire, asked).await {
            Ok(answered) => self.outcome(&query.as_query(), answered, asked),
            Err(error) => self.inner.fallback.acquire(&query.as_query(), error),
        }
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
        let may_ask = |found: &Arc<Dispatcher>| found.client.may_ask(self.slot(query.key));
        let Some(dispatcher) = self.redis.dispatcher().filter(may_ask) else {
            return Later::now(self.inner.fallback.acquire(query, StoreError::Unavailable));
        };
        let (store, query) = (self.clone(), OwnedQuery::new(query));
        if self.redis.is_coalesced() {
            Later::new(store.acquire_in_redis::<Batched>(dispatcher, query))
        } else {
            Later::new(store.acquire_in_redis::<Individual>(dispatcher, query))
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
        if charged.source == Self::SOURCE {
            return self.refund_in_redis(query, charged);
        }
        self.inner.fallback.refund(query, charged);
        Later::now(Ok(()))
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        self.inner.denials.remove(Self::denial_hash(query));
        self.inner.fallback.reset(query);
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
        if self.inner.fallback.source() == Source::FALLBACK {
            &[Self::SOURCE, Source::DENY_CACHE, Source::FALLBACK]
        } else {
            &[Self::SOURCE, Source::DENY_CACHE, Source::FAILURE]
        }
    }

    fn usage(&self) -> Usage {
        let mut usage = self.inner.fallback.memory().usage();
        usage.denials = Some(self.denials());
        usage
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("redis", &self.redis)
            .field("on_failure", &self.on_failure())
            .finish_non_exhaustive()
    }
}
