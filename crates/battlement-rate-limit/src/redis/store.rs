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
    client::{Answered, Engine},
    deny_cache::DenyCache,
    dispatch::{Alone, Together, Way},
    encoded::Encoded,
    key::Place,
    question::{Answer, Entry, What},
};
use crate::{
    Ask, Attempt, KeyHash, Memory, Moment, Outcome, Policies, Remote, Source, Store, StoreError,
    Usage, key::Secret,
};

/// The state of one limiter, in Redis. Made by [`Redis::store`].
///
/// All that have the same name, in whatever process, count as one. A clone is the same one.
#[derive(Clone)]
pub struct RedisStore {
    redis: Redis,
    inner: Arc<Inner>,
}

struct Inner {
    /// What keys begin with: the prefix and the name, up to the hash.
    begins: Arc<str>,
    on_failure: OnFailure,
    denials: DenyCache,
    /// Counts while Redis is away.
    memory: Memory,
    /// Hashes keys for that memory: clients may know what they are hashed with for Redis.
    secret: Secret,
    /// The shares of the policies that were asked for last.
    shares: Mutex<Vec<(u128, Policies)>>,
}

/// What is denied is remembered for at most this long.
const MOST_AGE: Duration = Duration::from_secs(1);
/// Of about 200 bytes each.
const DENIALS: usize = 10_000;
/// Sets of policies whose shares are kept; more than a service has tiers.
const SHARES: usize = 32;

impl RedisStore {
    pub(super) fn new(redis: Redis, name: &str, on_failure: OnFailure) -> Self {
        let begins = format!("{}:{{{name}:", redis.prefix()).into();
        let inner = Inner {
            begins,
            on_failure,
            denials: DenyCache::new(DENIALS, MOST_AGE),
            memory: Memory::default(),
            secret: Secret::random(),
            shares: Mutex::default(),
        };
        Self { redis, inner: Arc::new(inner) }
    }

    /// How many keys that were denied are remembered, and not asked for until they may pass again. Default:
    /// 10,000, about 2 MB; 0 switches it off.
    ///
    /// It begins anew: call it before clones are made.
    #[must_use]
    pub fn deny_cache(self, keys: usize) -> Self {
        let inner = &self.inner;
        let inner = Inner {
            begins: Arc::clone(&inner.begins),
            on_failure: inner.on_failure,
            denials: DenyCache::new(keys, MOST_AGE),
            memory: inner.memory.clone(),
            secret: inner.secret.clone(),
            shares: Mutex::default(),
        };
        Self { redis: self.redis, inner: Arc::new(inner) }
    }

    /// The connection it goes over, and its state.
    #[must_use]
    pub const fn redis(&self) -> &Redis {
        &self.redis
    }

    /// How many keys are remembered as denied.
    #[must_use]
    pub fn denials(&self) -> usize {
        self.inner.denials.held()
    }

    /// What counts while Redis is away.
    #[must_use]
    pub fn fallback(&self) -> &Memory {
        &self.inner.memory
    }

    fn place(&self, key: KeyHash) -> Place {
        Place::new(Arc::clone(&self.inner.begins), key.bits())
    }

    fn slot(&self, key: KeyHash) -> u16 {
        if self.redis.is_cluster() { self.place(key).slot() } else { 0 }
    }

    async fn ask(&self, ask: &Owned, what: What, asked: Instant) -> Result<Answered, StoreError> {
        let engine = self.redis.engine().ok_or(StoreError::Unavailable)?;
        if self.redis.is_coalesced() {
            self.ask_by::<Together>(&engine, ask, what, asked).await
        } else {
            self.ask_by::<Alone>(&engine, ask, what, asked).await
        }
    }

    fn ask_by<'a, W: Way>(
        &'a self,
        engine: &'a Arc<Engine>,
        ask: &'a Owned,
        what: What,
        asked: Instant,
    ) -> impl Future<Output = Result<Answered, StoreError>> + 'a {
        let slot = self.slot(ask.key);
        let entry = move || Entry {
            place: self.place(ask.key),
            slot,
            policies: ask.policies.clone(),
            cost: ask.cost,
            what: what.clone(),
        };
        engine.ask::<W>(slot, asked, entry)
    }

    /// Where a denial is remembered: both are hashes already.
    fn denial(ask: &Ask<'_>) -> u128 {
        ask.key.bits() ^ Encoded::of(ask.policies).digest
    }

    /// What was chosen for when Redis cannot be asked.
    fn failed(&self, ask: &Ask<'_>, error: StoreError) -> Result<Outcome, StoreError> {
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

    /// What Redis said of a question that was asked at `asked`.
    fn outcome(
        &self,
        ask: &Ask<'_>,
        answered: Answered,
        asked: Moment,
    ) -> Result<Outcome, StoreError> {
        let Answer::Done(states) = answered.answer else { return Err(StoreError::Failed) };
        let outcome = Outcome::new(states, Source::Redis, asked);
        if ask.cost > 0 && outcome.is_denied(ask.policies) {
            let when = [asked, Instant::now()];
            self.inner.denials.put(Self::denial(ask), ask, &outcome.states, when);
        }
        Ok(Outcome { stamp: answered.stamp, ..outcome })
    }

    /// It is done whether or not somebody waits for it.
    fn refund_in_redis(&self, ask: &Ask<'_>, charged: &Outcome) -> Asking<()> {
        let (store, what) = (self.clone(), What::refund(ask, charged));
        let ask = Owned::new(ask);
        let refund = async move {
            let answered = store.ask(&ask, what, Instant::now()).await;
            // Somebody may have been denied meanwhile.
            store.inner.denials.forget(Self::denial(&ask.ask()));
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

    async fn acquired<W: Way>(
        self,
        engine: Arc<Engine>,
        ask: Owned,
    ) -> Result<Outcome, StoreError> {
        let asked = Instant::now();
        match self.ask_by::<W>(&engine, &ask, What::Acquire, asked).await {
            Ok(answered) => self.outcome(&ask.ask(), answered, asked),
            Err(error) => self.failed(&ask.ask(), error),
        }
    }
}

impl Inner {
    fn give_back(&self, ask: &Ask<'_>, share: Share, charged: &Outcome) {
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
        if shares.len() >= SHARES {
            shares.remove(0);
        }
        let share = share.of(policies);
        shares.push((digest, share.clone()));
        share
    }
}

/// A question that outlives who asked it.
struct Owned {
    key: KeyHash,
    policies: Policies,
    cost: u32,
    now: Moment,
}

impl Owned {
    fn new(ask: &Ask<'_>) -> Self {
        Self { key: ask.key, policies: ask.policies.clone(), cost: ask.cost, now: ask.now }
    }

    fn ask(&self) -> Ask<'_> {
        Ask::new(self.key, &self.policies, self.cost, self.now)
    }
}

/// An answer of Redis that is still to come, at the deadline at the latest.
///
/// It is boxed: beside the way to Redis and back that is nothing.
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
            self.inner.denials.find(Self::denial(ask), ask.cost, Instant::now)
        {
            return Attempt::Now(Outcome::new(states, Source::DenyCache, now));
        }
        let engine =
            self.redis.engine().filter(|engine| engine.is_worth_asking(self.slot(ask.key)));
        let Some(engine) = engine else {
            return self
                .failed(ask, StoreError::Unavailable)
                .map_or_else(Attempt::Failed, Attempt::Now);
        };
        let (store, ask) = (self.clone(), Owned::new(ask));
        Attempt::Later(if self.redis.is_coalesced() {
            Asking::new(store.acquired::<Together>(engine, ask))
        } else {
            Asking::new(store.acquired::<Alone>(engine, ask))
        })
    }

    fn peek(&self, ask: &Ask<'_>) -> Attempt<Outcome, Asking<Outcome>> {
        let (store, ask) = (self.clone(), Owned::new(ask));
        Attempt::Later(Asking::new(async move {
            let asked = Instant::now();
            let answered = store.ask(&ask, What::Peek, asked).await?;
            let Answer::Done(states) = answered.answer else { return Err(StoreError::Failed) };
            Ok(Outcome::new(states, Source::Redis, asked))
        }))
    }

    fn refund(&self, ask: &Ask<'_>, charged: &Outcome) -> Attempt<(), Asking<()>> {
        self.inner.denials.forget(Self::denial(ask));
        match (charged.source, self.inner.on_failure) {
            (Source::Redis, _) => Attempt::Later(self.refund_in_redis(ask, charged)),
            (Source::Fallback, OnFailure::LocalFallback { share }) => {
                self.inner.give_back(ask, share, charged);
                Attempt::Now(())
            }
            // Nothing was taken.
            _ => Attempt::Now(()),
        }
    }

    fn reset(&self, ask: &Ask<'_>) -> Attempt<(), Asking<()>> {
        self.inner.denials.forget(Self::denial(ask));
        let key = self.inner.secret.rehash(ask.key);
        self.inner.memory.reset(&Ask::new(key, ask.policies, ask.cost, ask.now));
        let (store, ask) = (self.clone(), Owned::new(ask));
        Attempt::Later(Asking::new(async move {
            store.ask(&ask, What::Reset, Instant::now()).await?;
            // Somebody may have been denied meanwhile.
            store.inner.denials.forget(Self::denial(&ask.ask()));
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
    fn keys_that_a_client_has_chosen_to_collide_spread_over_the_fallback() {
        let redis = Redis::new("redis://127.0.0.1:1/").unwrap();
        let fallback = OnFailure::LocalFallback { share: Share::percent(100) };
        let store = redis.store("orders", fallback);
        let (policies, now) = (Policies::from(Policy::per_day("day", 2)), Instant::now());
        // The lower bits choose one part of 64, which holds 3,907 keys.
        let ask = |n: u128| Ask::new(KeyHash::of_bits(n << 64), &policies, 1, now);
        let take = |n| store.failed(&ask(n), StoreError::Unavailable).unwrap();
        (0..5_000).for_each(|n| drop(take(n)));
        assert_eq!((store.fallback().cells(), store.fallback().overflows()), (5_000, 0));
        let charged = take(0);
        assert_eq!(charged.states[0].remaining, 0);
        assert!(matches!(store.refund(&ask(0), &charged), Attempt::Now(())));
        assert_eq!(take(0).states[0].remaining, 0, "one was given back, and taken again");
        drop(store.reset(&ask(0)));
        assert_eq!(take(0).states[0].remaining, 1, "a reset finds it as well");
    }
}
