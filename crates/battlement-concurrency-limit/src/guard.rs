use std::{fmt, sync::Arc};

use crate::{Admit, shared::Shared};

/// The state of a layer and its kind of calls, which all its services share.
pub(crate) struct Guard<K> {
    pub(crate) kind: K,
    pub(crate) is_enabled: bool,
    pub(crate) shared: Arc<Shared>,
}

impl<K> Guard<K> {
    /// Returns whether the call with `request` counts.
    #[inline(always)]
    pub(crate) fn counts<Req, Res, E>(&self, request: &Req) -> bool
    where
        K: Admit<Req, Res, E>,
    {
        self.is_enabled && self.kind.counts(request)
    }

    #[inline(always)]
    pub(crate) fn has_classes(&self) -> bool {
        !self.shared.classes().is_one()
    }

    /// Returns the class of the call with `request`.
    #[inline(always)]
    pub(crate) fn class<Req, Res, E>(&self, request: &Req) -> usize
    where
        K: Admit<Req, Res, E>,
    {
        self.kind.class(request, self.shared.classes())
    }
}

impl<K> fmt::Debug for Guard<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("shared", &self.shared).finish_non_exhaustive()
    }
}
