/// The source of a decision, for metrics: the name of a store, or of a part of it.
///
/// Names are values of a label, so a store has a few constant ones:
///
/// ```
/// use battlement_rate_limit::Source;
///
/// const POSTGRES: Source = Source::new("postgres");
/// assert_eq!((POSTGRES.as_str(), POSTGRES.is_exact()), ("postgres", true));
/// ```
// A field more would make an outcome larger than what the compiler copies without a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(&'static str);

impl Source {
    /// The key's own cell in the memory of this process: `memory`.
    pub const MEMORY: Self = Self::new("memory");
    /// A shared cell, for at least one policy: `overflow`. New keys share cells while the memory is full or their
    /// network uses too much of it.
    pub const OVERFLOW: Self = Self::new("overflow");
    /// A cached denial of a remote store for this key that still applies: `deny_cache`.
    pub const DENY_CACHE: Self = Self::new("deny_cache");
    /// The memory of this process, while a remote store is unavailable: `fallback`. Not exact.
    pub const FALLBACK: Self = Self::new("fallback");
    /// The configured failure policy, since the store did not answer: `failure`. Not exact.
    pub const FAILURE: Self = Self::new("failure");

    /// Creates a source with this name, in snake_case.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns whether the state covers all requests of the key, rather than those of this process alone while a
    /// shared store is unavailable: all sources but [`FALLBACK`](Self::FALLBACK) and [`FAILURE`](Self::FAILURE) are exact.
    /// Responses do not report other states to clients.
    #[must_use]
    #[inline]
    pub fn is_exact(self) -> bool {
        self != Self::FALLBACK && self != Self::FAILURE
    }

    /// Returns the name, which is the value for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}
