use std::{fmt, sync::Arc};

use crate::{Admit, shared::Shared};

/// The state of a layer and its kind of calls, which all its services share.
pub(crate) struct Guard<K> {
    pub(crate) kind: K,
    pub(crate) is_enabled: bool,
    pub(crate) shared: Arc<Shared>,
}

impl<K> Guard<K> {
    /// Returns the class of the call with `request`; `None` if it does not count.
    #[inline(always)]
    pub(crate) fn class<Req, Res, E>(&self, request: &Req) -> Option<usize>
    where
        K: Admit<Req, Res, E>,
    {
        if !self.is_enabled {
            return None;
        }
        self.kind.class(request, self.shared.classes())
    }
}

impl<K> fmt::Debug for Guard<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("shared", &self.shared).finish_non_exhaustive()
    }
}
