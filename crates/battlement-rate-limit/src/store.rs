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

use crate::{Kept, KeyHash, Policies};

/// Where the state of the keys is kept.
///
/// All of it may have to be asked over a network, so everything returns an [`Attempt`]: a store that knows at
/// once says so, and nobody boxes or waits. One question is about one key and all of its policies, which a
/// store decides as one: it charges all of them or none. A clone shares the state.
pub trait Store: Clone + fmt::Debug + Send + Sync + 'static {
    /// An answer that is still to come.
    type Later<T: Send + 'static>: Future<Output = Result<T, StoreError>> + Send + 'static;

    /// Takes the cost from all policies, if all of them allow that.
    fn acquire(&self, ask: &Ask<'_>) -> Attempt<Outcome, Self::Later<Outcome>>;

    /// What [`acquire`](Self::acquire) would say, without taking anything.
    fn peek(&self, ask: &Ask<'_>) -> Attempt<Outcome, Self::Later<Outcome>>;

    /// Gives back what was taken when the store decided `charged`, as far as it has not come back by itself;
    /// also if nobody waits for the answer.
    fn refund(&self, ask: &Ask<'_>, charged: &Outcome) -> Attempt<(), Self::Later<()>>;

    /// Forgets the key under all of these policies.
    fn reset(&self, ask: &Ask<'_>) -> Attempt<(), Self::Later<()>>;

    /// What the hashes of keys are keyed with, where other processes must come to the same ones. Default:
    /// random bits of this process, so that nobody outside can make keys collide.
    fn seed(&self) -> Option<[u64; 2]> {
        None
    }

    /// Who may decide in its name, so that metrics can show that nobody has so far. Default: nobody is known.
    fn sources(&self) -> &'static [Source] {
        &[]
    }

    /// What it keeps in this process. Default: nothing.
    fn kept(&self) -> Kept {
        Kept::default()
    }
}

/// A store whose answers may have to be waited for.
///
/// A request waits outside of the service, with the service that was polled ready for it: that one is taken
/// out and a clone put in its place, so services around such a store must be `Clone`.
pub trait Remote: Store {}

/// What is waited for where nobody ever waits. There is no value of it, and no code for it.
#[derive(Debug)]
pub struct Never<T>(Infallible, PhantomData<fn() -> T>);

impl<T> Never<T> {
    pub(crate) const fn cannot_be(self) -> ! {
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
    /// Whose limit it is.
    pub key: KeyHash,
    /// The policies.
    pub policies: &'a Policies,
    /// How many units. With none, nothing is taken, and only what is left is told.
    pub cost: u32,
    /// When, by the clock of this process. A store that is shared has a clock of its own.
    pub now: Moment,
}

impl<'a> Ask<'a> {
    /// A question about `cost` units.
    #[must_use]
    pub const fn new(key: KeyHash, policies: &'a Policies, cost: u32, now: Moment) -> Self {
        Self { key, policies, cost, now }
    }
}

/// A point in time of this process.
pub type Moment = tokio::time::Instant;

/// What a store has to say now.
#[derive(Debug)]
pub enum Attempt<T, F> {
    /// This.
    Now(T),
    /// It could not be asked.
    Failed(StoreError),
    /// Nothing before this future ends.
    Later(F),
}

impl<T, F> Attempt<T, F>
where
    F: Future<Output = Result<T, StoreError>>,
{
    /// Waits for the answer, if it is not there yet.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn answer(self) -> Result<T, StoreError> {
        match self {
            Self::Now(answer) => Ok(answer),
            Self::Failed(error) => Err(error),
            Self::Later(answer) => answer.await,
        }
    }
}

/// Why a store could not be asked. It says nothing of keys and no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreError {
    /// It is known to be away, and was not asked.
    Unavailable,
    /// It did not answer in time.
    Late,
    /// As many wait for it as may.
    Busy,
    /// It answered with an error, or the connection broke.
    Failed,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the store of the rate limits is away",
            Self::Late => "the store of the rate limits did not answer in time",
            Self::Busy => "too many wait for the store of the rate limits",
            Self::Failed => "the store of the rate limits failed",
        })
    }
}

impl Error for StoreError {}

/// What a store decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Of each policy, in their order.
    pub states: SmallVec<[PolicyState; 2]>,
    /// Who decided.
    pub source: Source,
    /// When, by the clock of this process.
    pub at: Moment,
    /// When, by the clock of a store that has one of its own.
    pub(crate) stamp: u64,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The key's own cell in the memory of this process.
    Memory,
    /// The cells that new keys share while the memory is full or their network uses too much of it, for one policy at
    /// least.
    Overflow,
    /// Redis.
    Redis,
    /// What Redis said of the key a moment ago, which still holds: no.
    DenyCache,
    /// The memory of this process, for as long as Redis is away.
    Fallback,
    /// Nobody, since the store could not be asked: what was chosen for that.
    Failure,
}

impl Source {
    /// Whether it knows how the key stands everywhere, and not in this process alone while a store is away.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        !matches!(self, Self::Fallback | Self::Failure)
    }

    /// The word for labels.
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

/// How a key stands under one policy, after the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyState {
    /// What the policy says of the request.
    pub ruling: Ruling,
    /// Units that are left.
    pub remaining: u32,
    /// The time until there is more; none if there is all.
    pub reset: Duration,
}

/// What one policy says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It may pass.
    Allow,
    /// It may not.
    Deny {
        /// The time until as much would be allowed; `None` if it never is, since it costs more than the
        /// policy holds.
        wait: Option<Duration>,
    },
}

impl PolicyState {
    /// Whether the policy says no.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        matches!(self.ruling, Ruling::Deny { .. })
    }
}

impl Outcome {
    /// What `source` decided of an [`Ask`] at `at`: a state for each of the policies, in their order.
    #[must_use]
    pub fn new(states: SmallVec<[PolicyState; 2]>, source: Source, at: Moment) -> Self {
        Self { states, source, at, stamp: 0 }
    }

    /// Whether a policy that is not only tried out says no.
    #[must_use]
    #[inline]
    pub fn is_denied(&self, policies: &Policies) -> bool {
        self.states.iter().any(PolicyState::is_denied) && self.is_really_denied(policies)
    }

    fn is_really_denied(&self, policies: &Policies) -> bool {
        let mut both = self.states.iter().zip(policies.iter());
        both.any(|(state, policy)| state.is_denied() && !policy.is_shadow())
    }

    /// The time until all policies would allow the request, if that is known.
    #[must_use]
    pub fn retry_after(&self, policies: &Policies) -> Option<Duration> {
        let both = self.states.iter().zip(policies.iter());
        let waits = both.filter(|(_, policy)| !policy.is_shadow()).map(|(state, _)| state.ruling);
        let denied = waits.filter_map(|ruling| match ruling {
            Ruling::Allow => None,
            Ruling::Deny { wait } => Some(wait),
        });
        denied.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
    }
}
