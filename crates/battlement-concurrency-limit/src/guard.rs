use std::{fmt, sync::Arc};

use crate::{Admit, call::Call, shared::Shared};

/// The state of a layer and its kind of calls, which all its services share.
pub(crate) struct Guard<K> {
    pub(crate) kind: K,
    pub(crate) is_enabled: bool,
    pub(crate) shared: Arc<Shared>,
}

impl<K> Guard<K> {
    /// Admits the call with `request`.
    ///
    /// # Errors
    ///
    /// If the limit of the class that is returned is reached.
    #[inline(always)]
    pub(crate) fn admit<Req, Res, E>(
        &self,
        request: &Req,
        class: impl FnOnce(&Req) -> usize,
    ) -> Result<K::Call, usize>
    where
        K: Admit<Req, Res, E>,
    {
        if !self.is_enabled || !self.kind.counts(request) {
            return Ok(self.kind.admitted(Call::uncounted()));
        }
        let class = class(request);
        match self.shared.admit(class) {
            Some(call) => Ok(self.kind.admitted(call)),
            None => Err(class),
        }
    }

    #[inline(always)]
    pub(crate) fn has_classes(&self) -> bool {
        !self.shared.classes().is_one()
    }

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
