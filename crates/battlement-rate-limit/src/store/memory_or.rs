use super::chosen::Chosen;
use crate::{Answer as _, Memory, Outcome, Query, Source, Store, Usage};

/// A store chosen at run time: the memory of this process, or `R`.
///
/// A layer has the same type with either, so that a configuration can decide. Inner services must be `Clone`, as for every
/// store that may answer later. A request that waits for `R` is in a box, so that the future of a request that does not
/// wait is as small as with [`Memory`] alone.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::{Key, Memory, MemoryOr, Policy, RateLimitLayer, Store};
///
/// fn layer<R: Store>(remote: Option<R>) -> RateLimitLayer<MemoryOr<R>> {
///     let policies = Policy::per_minute("per-client", 100);
///     RateLimitLayer::new(policies, Key::client_ip()).store(MemoryOr::from(remote))
/// }
/// # layer::<Memory>(None);
/// ```
#[derive(Clone, Debug)]
pub enum MemoryOr<R> {
    /// The memory of this process.
    Memory(Memory),
    /// Another store.
    Remote(R),
}

/// Selects a new [`Memory`] of the default capacity if there is no other store.
impl<R> From<Option<R>> for MemoryOr<R> {
    fn from(remote: Option<R>) -> Self {
        remote.map_or_else(|| Self::Memory(Memory::default()), Self::Remote)
    }
}

impl<R: Store> Store for MemoryOr<R> {
    type Answer<T: Send + 'static> = Chosen<T>;

    #[inline]
    fn acquire(&self, query: &Query<'_>) -> Chosen<Outcome> {
        match self {
            Self::Memory(memory) => Chosen(Store::acquire(memory, query).into()),
            Self::Remote(remote) => Chosen(remote.acquire(query).into_later()),
        }
    }

    fn peek(&self, query: &Query<'_>) -> Chosen<Outcome> {
        match self {
            Self::Memory(memory) => Chosen(Store::peek(memory, query).into()),
            Self::Remote(remote) => Chosen(remote.peek(query).into_later()),
        }
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Chosen<()> {
        match self {
            Self::Memory(memory) => Chosen(Store::refund(memory, query, charged).into()),
            Self::Remote(remote) => Chosen(remote.refund(query, charged).into_later()),
        }
    }

    fn reset(&self, query: &Query<'_>) -> Chosen<()> {
        match self {
            Self::Memory(memory) => Chosen(Store::reset(memory, query).into()),
            Self::Remote(remote) => Chosen(remote.reset(query).into_later()),
        }
    }

    fn seed(&self) -> Option<[u64; 2]> {
        match self {
            Self::Memory(memory) => memory.seed(),
            Self::Remote(remote) => remote.seed(),
        }
    }

    fn sources(&self) -> &'static [Source] {
        match self {
            Self::Memory(memory) => memory.sources(),
            Self::Remote(remote) => remote.sources(),
        }
    }

    fn usage(&self) -> Usage {
        match self {
            Self::Memory(memory) => memory.usage(),
            Self::Remote(remote) => remote.usage(),
        }
    }
}
