//! The facts of the request that a server received, as far as a layer around any service knows them.

#[cfg(feature = "http")]
pub(crate) use self::with_http::Facts;
#[cfg(not(feature = "http"))]
pub(crate) use self::without_http::Facts;

#[cfg(feature = "http")]
mod with_http {
    use std::any::Any;

    use battlement_core::{Reject, RequestFacts, within};

    /// The facts of the request that a service received, or else those that are current while it works.
    #[derive(Debug)]
    pub(crate) struct Facts(Option<RequestFacts>);

    impl Facts {
        #[inline]
        pub(crate) fn of<A: Reject<Req, Res, E>, Req, Res, E>(request: &Req) -> Self {
            Self(A::extensions(request).and_then(RequestFacts::in_extensions).cloned())
        }

        /// Returns a copy of the settings of the route, if an inner layer has added any.
        pub(crate) fn overridden<T: Any + Copy>(&self) -> Option<T> {
            match &self.0 {
                Some(facts) => facts.overridden().copied(),
                None => RequestFacts::current()?.overridden().copied(),
            }
        }

        /// Runs `work` with these facts as the current ones.
        pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
            if self.0.is_some() { within(&mut self.0, work) } else { work() }
        }
    }
}

#[cfg(not(feature = "http"))]
mod without_http {
    use battlement_core::Reject;

    /// Nothing: without HTTP there are no facts.
    #[derive(Debug)]
    pub(crate) struct Facts;

    impl Facts {
        #[expect(clippy::extra_unused_type_parameters, reason = "the twin of the one with HTTP")]
        pub(crate) const fn of<A: Reject<Req, Res, E>, Req, Res, E>(_: &Req) -> Self {
            Self
        }

        pub(crate) const fn overridden<T: Copy>(&self) -> Option<T> {
            None
        }

        pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
            work()
        }
    }
}
