use std::fmt;

use battlement_core::Deadline;

use crate::{Admit, Overloaded, call::Call, class::Classes};

/// The kind of calls `K` whose class is the name that the closure `F` returns.
#[derive(Clone)]
pub struct Classed<K, F> {
    kind: K,
    class: F,
}

impl<K, F> Classed<K, F> {
    pub(crate) const fn new(kind: K, class: F) -> Self {
        Self { kind, class }
    }
}

impl<K, F, Req, Res, E> Admit<Req, Res, E> for Classed<K, F>
where
    K: Admit<Req, Res, E>,
    F: for<'a> Fn(&'a Req) -> &'a str,
{
    type Call = K::Call;
    type Caller = K::Caller;
    type Response = K::Response;
    type Error = K::Error;

    const CLASS_IS_INLINE: bool = true;

    fn ready_error(error: E) -> K::Error {
        K::ready_error(error)
    }

    fn caller(request: &Req) -> K::Caller {
        K::caller(request)
    }

    #[inline(always)]
    fn counts(&self, request: &Req) -> bool {
        self.kind.counts(request)
    }

    #[inline(always)]
    fn class(&self, request: &Req, classes: &Classes) -> usize {
        classes.index((self.class)(request))
    }

    fn deadline(request: &Req) -> Option<Deadline> {
        K::deadline(request)
    }

    #[inline]
    fn admitted(&self, call: Call) -> K::Call {
        self.kind.admitted(call)
    }

    #[inline(always)]
    fn finish(call: &mut K::Call, result: Result<Res, E>) -> Result<K::Response, K::Error> {
        K::finish(call, result)
    }

    fn reject(caller: K::Caller, error: Overloaded) -> Result<K::Response, K::Error> {
        K::reject(caller, error)
    }
}

impl<K: fmt::Debug, F> fmt::Debug for Classed<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classed").field("kind", &self.kind).finish_non_exhaustive()
    }
}
