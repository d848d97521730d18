use std::{
    convert::Infallible,
    error::Error,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use smallvec::SmallVec;

use crate::{KeyHash, Policies, Usage};

/// A store for the state of the keys.
///
/// Any operation may take a network round trip, so each returns an [`Attempt`]: a store that answers immediately
/// returns [`Attempt::Now`], without a boxed future. An [`Ask`] is about one key and all of its policies, which a
/// store decides atomically: it charges all of them or none. Clones share the state.
pub trait Store: Clone + fmt::Debug + Send + Sync + 'static {
    /// The future of an answer that is not available immediately.
    type Later<T: Send + 'static>: Future<Output = Result<T, StoreError>> + Send + 'static;

    /// Charges the cost to all policies, if all of them allow it.
    fn acquire(&self, ask: &Ask<'_>) -> Attempt<Outcome, Self::Later<Outcome>>;

    /// Returns the decision that [`acquire`](Self::acquire) would make, without charging anything.
    fn peek(&self, ask: &Ask<'_>) -> Attempt<Outcome, Self::Later<Outcome>>;

    /// Refunds the units that the decision `charged` has taken, except those that have been restored since. The refund
    /// is made even if the returned future is dropped.
    ///
    /// Key, policies and cost of `ask` are those of the charge, which the caller refunds once: another cost, or a second
    /// refund, would restore units that other requests have used.
    fn refund(&self, ask: &Ask<'_>, charged: &Outcome) -> Attempt<(), Self::Later<()>>;

    /// Removes the state of the key under all of these policies.
    fn reset(&self, ask: &Ask<'_>) -> Attempt<(), Self::Later<()>>;

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

/// A store whose answers may have to be awaited.
///
/// A request waits outside of the inner service, together with the service that was polled ready for it. A clone takes
/// the place of that service, so services around such a store must be `Clone`.
pub trait Remote: Store {}

/// The future of a store that always answers immediately. It has no values, so the compiler removes its code.
#[derive(Debug)]
pub struct Never<T>(Infallible, PhantomData<fn() -> T>);

impl<T> Never<T> {
    pub(crate) const fn unreachable(self) -> ! {
        match self.0 {}
    }
}

impl<T> Future for Never<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        match self.0 {}
    }
}

/// A question to a store.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Ask<'a> {
    /// The key whose limit applies.
    pub key: KeyHash,
    /// The policies.
    pub policies: &'a Policies,
    /// The cost in units. A cost of 0 charges nothing and only returns the remaining units.
    pub cost: u32,
    /// The time of the request, by the clock of this process. A shared store has its own clock.
    pub now: Moment,
}

impl<'a> Ask<'a> {
    /// Creates a question about `cost` units.
    #[must_use]
    pub const fn new(key: KeyHash, policies: &'a Policies, cost: u32, now: Moment) -> Self {
        Self { key, policies, cost, now }
    }
}

/// A point in time, by the clock of this process.
pub type Moment = tokio::time::Instant;

/// The immediate result of a [`Store`] operation.
#[derive(Debug)]
pub enum Attempt<T, F> {
    /// The answer.
    Now(T),
    /// The operation has failed.
    Failed(StoreError),
    /// The answer is not available yet; this future returns it.
    Later(F),
}

impl<T, F> Attempt<T, F>
where
    F: Future<Output = Result<T, StoreError>>,
{
    /// Waits for the answer, if it is not available yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the store fails.
    pub async fn answer(self) -> Result<T, StoreError> {
        match self {
            Self::Now(answer) => Ok(answer),
            Self::Failed(error) => Err(error),
            Self::Later(answer) => answer.await,
        }
    }
}

/// The reason why a store has not answered. Its text contains neither keys nor passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is known to be unavailable, and no request was sent.
    Unavailable,
    /// The store did not answer in time.
    Timeout,
    /// The queue of requests that wait for the store is full.
    QueueFull,
    /// The store answered with an error, or the connection broke.
    Failed,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "rate limit store unavailable",
            Self::Timeout => "rate limit store timed out",
            Self::QueueFull => "rate limit store queue is full",
            Self::Failed => "rate limit store failed",
        })
    }
}

impl Error for StoreError {}

/// The decision of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The state under each policy, in the order of the policies.
    pub states: SmallVec<[PolicyState; 2]>,
    /// The source of the decision.
    pub source: Source,
    /// The time of the decision, by the clock of this process.
    pub at: Moment,
    /// The time of the decision, by the store's own clock if it has one.
    pub(crate) stamp: u64,
}

/// The source of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The key's own cell in the memory of this process.
    Memory,
    /// A shared cell, for at least one policy: new keys share cells while the memory is full or their network uses too
    /// much of it.
    Overflow,
    /// Redis.
    Redis,
    /// A cached denial of Redis for this key that still applies.
    DenyCache,
    /// The memory of this process, while Redis is unavailable.
    Fallback,
    /// The configured failure policy, since the store did not answer.
    Failure,
}

impl Source {
    /// Returns whether the state covers all processes, rather than this process alone while the store is unavailable.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        !matches!(self, Self::Fallback | Self::Failure)
    }

    /// Returns the value for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Overflow => "overflow",
            Self::Redis => "redis",
            Self::DenyCache => "deny_cache",
            Self::Fallback => "fallback",
            Self::Failure => "failure",
        }
    }
}

/// The state of a key under one policy, after the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyState {
    /// The decision of the policy.
    pub ruling: Ruling,
    /// The remaining units.
    pub remaining: u32,
    /// The time until more units are available; zero if all are.
    pub reset: Duration,
}

/// The decision of one policy about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The request is allowed.
    Allow,
    /// The request is denied.
    Deny {
        /// The time until the request would be allowed; `None` if it never is, since it costs more than the policy
        /// holds.
        wait: Option<Duration>,
    },
}

impl PolicyState {
    /// Returns whether the policy denies the request.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        matches!(self.ruling, Ruling::Deny { .. })
    }
}

impl Outcome {
    /// Creates the decision of `source` about an [`Ask`] at `at`, with a state for each policy, in their order.
    #[must_use]
    pub fn new(states: SmallVec<[PolicyState; 2]>, source: Source, at: Moment) -> Self {
        Self { states, source, at, stamp: 0 }
    }

    /// Returns whether a policy denies the request that is not a [shadow](crate::Policy::shadow) policy.
    #[must_use]
    #[inline]
    pub fn is_denied(&self, policies: &Policies) -> bool {
        self.states.iter().any(PolicyState::is_denied) && self.is_denied_by_enforced(policies)
    }

    fn is_denied_by_enforced(&self, policies: &Policies) -> bool {
        let mut decided = self.states.iter().zip(policies.iter());
        decided.any(|(state, policy)| state.is_denied() && !policy.is_shadow())
    }

    /// Returns the time until all policies would allow the request; `None` if a policy never does, or if none denies
    /// it.
    #[must_use]
    pub fn retry_after(&self, policies: &Policies) -> Option<Duration> {
        let decided = self.states.iter().zip(policies.iter());
        let rulings =
            decided.filter(|(_, policy)| !policy.is_shadow()).map(|(state, _)| state.ruling);
        let waits = rulings.filter_map(|ruling| match ruling {
            Ruling::Allow => None,
            Ruling::Deny { wait } => Some(wait),
        });
        waits.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
    }
}
