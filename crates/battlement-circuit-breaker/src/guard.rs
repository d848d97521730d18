use std::{fmt, sync::Arc};

use tokio::time::Instant;

use crate::{Protect, breaker::Breaker, circuits::Circuits};

/// The state of a layer and its kind of calls, which all its services share.
pub(crate) struct Guard<K> {
    kind: K,
    is_enabled: bool,
    circuits: Arc<Circuits>,
}

impl<K> Guard<K> {
    pub(crate) const fn new(kind: K, is_enabled: bool, circuits: Arc<Circuits>) -> Self {
        Self { kind, is_enabled, circuits }
    }

    #[inline]
    pub(crate) const fn kind(&self) -> &K {
        &self.kind
    }

    pub(crate) const fn circuits(&self) -> &Arc<Circuits> {
        &self.circuits
    }

    #[inline]
    pub(crate) const fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Returns whether every call that is made now is rejected.
    #[inline]
    pub(crate) fn rejects_all(&self) -> bool {
        self.is_enabled && self.circuits.rejects_all()
    }

    /// Returns the breaker of the key of `request` at `now`, which is `tick`.
    #[inline]
    pub(crate) fn breaker<Req, Res, E>(
        &self,
        request: &Req,
        tick: u64,
        now: Instant,
    ) -> Arc<Breaker>
    where
        K: Protect<Req, Res, E>,
    {
        self.kind.with_key(request, |key| self.circuits.breaker_at(key, tick, now))
    }
}

impl<K> fmt::Debug for Guard<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("circuits", &self.circuits).finish_non_exhaustive()
    }
}
