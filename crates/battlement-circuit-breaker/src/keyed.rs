use std::borrow::Cow;
use std::fmt;

use crate::{CircuitOpen, Protect, call::Call};

/// The kind of calls `K` with a state for each key that the closure `F` returns.
#[derive(Clone)]
pub struct Keyed<K, F> {
    kind: K,
    key: F,
}

impl<K, F> Keyed<K, F> {
    pub(crate) const fn new(kind: K, key: F) -> Self {
        Self { kind, key }
    }

    /// Changes the kind of calls.
    pub(crate) fn map<T>(self, change: impl FnOnce(K) -> T) -> Keyed<T, F> {
        Keyed::new(change(self.kind), self.key)
    }
}

impl<K, F, Req, Res, E> Protect<Req, Res, E> for Keyed<K, F>
where
    K: Protect<Req, Res, E>,
    F: for<'a> Fn(&'a Req) -> Option<Cow<'a, str>>,
{
    type Call = K::Call;
    type Caller = K::Caller;
    type Response = K::Response;
    type Error = K::Error;

    fn ready_error(error: E) -> K::Error {
        K::ready_error(error)
    }

    fn caller(request: &Req) -> K::Caller {
        K::caller(request)
    }

    fn with_key<R>(&self, request: &Req, work: impl FnOnce(Option<&str>) -> R) -> R {
        work((self.key)(request).as_deref())
    }

    fn judged(&self, request: &Req, call: Call) -> K::Call {
        self.kind.judged(request, call)
    }

    fn pending(call: &mut K::Call) {
        K::pending(call);
    }

    fn finish(call: &mut Option<K::Call>, result: Result<Res, E>) -> Result<K::Response, K::Error> {
        K::finish(call, result)
    }

    fn reject(caller: K::Caller, open: CircuitOpen) -> Result<K::Response, K::Error> {
        K::reject(caller, open)
    }
}

impl<K: fmt::Debug, F> fmt::Debug for Keyed<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed").field("kind", &self.kind).finish_non_exhaustive()
    }
}
