use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{runtime::Handle, time::Instant};

use super::{
    OnFailure, Redis, Share,
    client::{Client, StampedAnswer},
    dispatch::{Batched, Dispatch, Individual},
    encoded::Encoded,
    key::RedisKey,
    question::{Answer, Operation, Question},
};
use crate::{
    Ask, Attempt, KeyHash, Memory, Moment, Outcome, Policies, Remote, Source, Store, StoreError,
    Usage, key::Secret, remote::DenyCache,
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
        ask: &OwnedAsk,
        operation: Operation,
        asked: Instant,
    ) -> Result<StampedAnswer, StoreError> {
        let client = self.redis.client().ok_or(StoreError::Unavailable)?;
        if self.redis.is_coalesced() {
            self.send::<Batched>(&client, ask, operation, asked).await
        } else {
            self.send::<Individual>(&client, ask, operation, asked).await
        }
    }

    fn send<'a, D: Dispatch>(
        &'a self,
        client: &'a Arc<Client>,
        ask: &'a OwnedAsk,
        operation: Operation,
        asked: Instant,
    ) -> impl Future<Output = Result<StampedAnswer, StoreError>> + 'a {
        let slot = self.slot(ask.key);
        let question = move || Question {
            key: self.redis_key(ask.key),
            slot,
            policies: ask.policies.clone(),
            cost: ask.cost,
            operation: operation.clone(),
        };
        client.ask::<D>(slot, asked, question)
    }

    /// Returns the key of a denial in the cache. Both parts are hashes already.
    fn denial_hash(ask: &Ask<'_>) -> u128 {
        ask.key.bits() ^ Encoded::of(ask.policies).digest
    }

    /// Applies the configured `OnFailure` policy.
    fn apply_on_failure(&self, ask: &Ask<'_>, error: StoreError) -> Result<Outcome, StoreError> {
        match self.inner.on_failure {
            OnFailure::Deny => Err(error),
            OnFailure::Allow => {
                Ok(Outcome::new([].into_iter().collect(), Source::Failure, ask.now))
            }
            OnFailure::LocalFallback { share } => {
                let policies = self.inner.share(share, ask.policies);
                let key = self.inner.secret.rehash(ask.key);
                let outcome =
                    self.inner.memory.acquire(&Ask::new(key, &policies, ask.cost, ask.now));
                let stamp = u64::from(outcome.source == Source::Overflow);
                Ok(Outcome { source: Source::Fallback, stamp, ..outcome })
            }
        }
    }

    /// Returns the outcome of an answer to a question that was asked at `asked`.
    fn outcome(
        &self,
        ask: &Ask<'_>,
        answered: StampedAnswer,
        asked: Moment,
    ) -> Result<Outcome, StoreError> {
        let Answer::Done(states) = answered.answer else { return Err(StoreError::Failed) };
        let outcome = Outcome::new(states, Source::Redis, asked);
        if ask.cost > 0 && outcome.is_denied(ask.policies) {
            let when = [asked, Instant::now()];
            self.inner.denials.put(Self::denial_hash(ask), ask, &outcome.states, when);
        }
        Ok(Outcome { stamp: answered.stamp, ..outcome })
    }

    /// Refunds in a task of its own, so that the refund is made even if its future is dropped.
    fn refund_in_redis(&self, ask: &Ask<'_>, charged: &Outcome) -> Asking<()> {
        let (store, operation) = (self.clone(), Operation::refund(ask, charged));
        let ask = OwnedAsk::new(ask);
        let refund = async move {
            let answered = store.ask(&ask, operation, Instant::now()).await;
            // A request may have been denied meanwhile.
            store.inner.denials.remove(Self::denial_hash(&ask.ask()));
            answered.map(|_| ())
        };
        let task = Handle::try_current().map(|runtime| runtime.spawn(refund));
        Asking::new(async move {
            match task {
                Ok(task) => task.await.unwrap_or(Err(StoreError::Failed)),
                Err(_) => Err(StoreError::Unavailable),
            }
        })
    }

    async fn acquire_in_redis<D: Dispatch>(
        self,
        client: Arc<Client>,
        ask: OwnedAsk,
    ) -> Result<Outcome, StoreError> {
        let asked = Instant::now();
        match self.send::<D>(&client, &ask, Operation::Acquire, asked).await {
            Ok(answered) => self.outcome(&ask.ask(), answered, asked),
            Err(error) => self.apply_on_failure(&ask.ask(), error),
        }
    }
}

impl Inner {
    fn refund_fallback(&self, ask: &Ask<'_>, share: Share, charged: &Outcome) {
        let policies = self.share(share, ask.policies);
        let source = if charged.stamp == 0 { Source::Memory } else { Source::Overflow };
        let charged = Outcome { source, ..charged.clone() };
        let key = self.secret.rehash(ask.key);
        self.memory.refund(&Ask::new(key, &policies, ask.cost, ask.now), &charged);
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
struct OwnedAsk {
    key: KeyHash,
    policies: Policies,
    cost: u32,
    now: Moment,
}

impl OwnedAsk {
    fn new(ask: &Ask<'_>) -> Self {
        Self { key: ask.key, policies: ask.policies.clone(), cost: ask.cost, now: ask.now }
    }

    fn ask(&self) -> Ask<'_> {
        Ask::new(self.key, &self.policies, self.cost, self.now)
    }
}

/// The future of an answer from Redis, which is ready by the deadline.
///
/// It is boxed, which costs little beside the round trip.
pub struct Asking<T>(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>);

impl<T> Asking<T> {
    fn new(future: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl<T> Future for Asking<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Asking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asking").finish_non_exhaustive()
    }
}

impl Remote for RedisStore {}

impl Store for RedisStore {
    type Later<T: Send + 'static> = Asking<T>;

    fn acquire(&self, ask: &Ask<'_>) -> Attempt<Outcome, Asking<Outcome>> {
        if let Some((states, now)) =
            self.inner.denials.find(Self::denial_hash(ask), ask.cost, Instant::now)
        {
            return Attempt::Now(Outcome::new(states, Source::DenyCache, now));
        }
        let client = self.redis.client().filter(|client| client.may_ask(self.slot(ask.key)));
        let Some(client) = client else {
            return self
                .apply_on_failure(ask, StoreError::Unavailable)
                .map_or_else(Attempt::Failed, Attempt::Now);
        };
        let (store, ask) = (self.clone(), OwnedAsk::new(ask));
        Attempt::Later(if self.redis.is_coalesced() {
            Asking::new(store.acquire_in_redis::<Batched>(client, ask))
        } else {
            Asking::new(store.acquire_in_redis::<Individual>(client, ask))
        })
    }

    fn peek(&self, ask: &Ask<'_>) -> Attempt<Outcome, Asking<Outcome>> {
        let (store, ask) = (self.clone(), OwnedAsk::new(ask));
        Attempt::Later(Asking::new(async move {
            let asked = Instant::now();
            let answered = store.ask(&ask, Operation::Peek, asked).await?;
            let Answer::Done(states) = answered.answer else { return Err(StoreError::Failed) };
            Ok(Outcome::new(states, Source::Redis, asked))
        }))
    }

    fn refund(&self, ask: &Ask<'_>, charged: &Outcome) -> Attempt<(), Asking<()>> {
        self.inner.denials.remove(Self::denial_hash(ask));
        match (charged.source, self.inner.on_failure) {
            (Source::Redis, _) => Attempt::Later(self.refund_in_redis(ask, charged)),
            (Source::Fallback, OnFailure::LocalFallback { share }) => {
                self.inner.refund_fallback(ask, share, charged);
                Attempt::Now(())
            }
            // There is no charge to refund.
            _ => Attempt::Now(()),
        }
    }

    fn reset(&self, ask: &Ask<'_>) -> Attempt<(), Asking<()>> {
        self.inner.denials.remove(Self::denial_hash(ask));
        let key = self.inner.secret.rehash(ask.key);
        self.inner.memory.reset(&Ask::new(key, ask.policies, ask.cost, ask.now));
        let (store, ask) = (self.clone(), OwnedAsk::new(ask));
        Attempt::Later(Asking::new(async move {
            store.ask(&ask, Operation::Reset, Instant::now()).await?;
            // A request may have been denied meanwhile.
            store.inner.denials.remove(Self::denial_hash(&ask.ask()));
            Ok(())
        }))
    }

    fn seed(&self) -> Option<[u64; 2]> {
        Some(self.redis.seed())
    }

    fn sources(&self) -> &'static [Source] {
        match self.inner.on_failure {
            OnFailure::Deny | OnFailure::Allow => {
                &[Source::Redis, Source::DenyCache, Source::Failure]
            }
            OnFailure::LocalFallback { .. } => {
                &[Source::Redis, Source::DenyCache, Source::Fallback]
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
    use super::*;
    use crate::Policy;

    #[test]
    fn keys_chosen_to_collide_spread_over_the_fallback() {
        let redis = Redis::new("redis://127.0.0.1:1/").unwrap();
        let fallback = OnFailure::LocalFallback { share: Share::percent(100) };
        let store = redis.store("orders", fallback);
        let (policies, now) = (Policies::from(Policy::per_day("day", 2)), Instant::now());
        // The lower bits select one of 64 parts, each of 3,907 keys.
        let ask = |n: u128| Ask::new(KeyHash::of_bits(n << 64), &policies, 1, now);
        let take = |n| store.apply_on_failure(&ask(n), StoreError::Unavailable).unwrap();
        (0..5_000).for_each(|n| drop(take(n)));
        assert_eq!((store.fallback().cells(), store.fallback().overflows()), (5_000, 0));
        let charged = take(0);
        assert_eq!(charged.states[0].remaining, 0);
        assert!(matches!(store.refund(&ask(0), &charged), Attempt::Now(())));
        assert_eq!(take(0).states[0].remaining, 0, "the refunded unit was acquired again");
        drop(store.reset(&ask(0)));
        assert_eq!(take(0).states[0].remaining, 1, "the reset includes the fallback");
    }
}
