use std::{fmt, sync::Arc};

use crate::{Admit, call::Call, shared::Shared};

/// The state of a layer and its kind of calls, which all its services share.
pub(crate) struct Guard<K> {
    pub(crate) kind: K,
    pub(crate) is_enabled: bool,
    pub(crate) shared: Arc<Shared>,
}

impl<K> Guard<K> {
    /// Returns whether there is more than one class.
    #[inline(always)]
    pub(crate) fn has_classes(&self) -> bool {
        !self.shared.classes().is_one()
    }

    /// Admits the call with `request`. Unless the kind of calls looks at the class inline, there is one class.
    ///
    /// # Errors
    ///
    /// If the limit of the class that is returned is reached.
    #[inline(always)]
    pub(crate) fn admit<Req, Res, E>(&self, request: &Req) -> Result<K::Call, usize>
    where
        K: Admit<Req, Res, E>,
    {
        let has_class = K::CLASS_IS_INLINE && self.has_classes();
        self.admit_in(request, |request| if has_class { self.class(request) } else { 0 })
    }

    /// Admits the call with `request` in its class.
    ///
    /// # Errors
    ///
    /// If the limit of the class that is returned is reached.
    #[inline(always)]
    pub(crate) fn admit_classed<Req, Res, E>(&self, request: &Req) -> Result<K::Call, usize>
    where
        K: Admit<Req, Res, E>,
    {
        self.admit_in(request, |request| self.class(request))
    }

    #[inline(always)]
    fn admit_in<Req, Res, E>(
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
    fn class<Req, Res, E>(&self, request: &Req) -> usize
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
