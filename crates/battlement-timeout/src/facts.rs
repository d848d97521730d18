//! The facts of the request that a server received, as far as a layer around any service knows them.

#[cfg(feature = "http")]
pub(crate) use self::with_http::{Facts, call_deadline, set_call_deadline};
#[cfg(not(feature = "http"))]
pub(crate) use self::without_http::{Facts, call_deadline, set_call_deadline};

#[cfg(feature = "http")]
mod with_http {
    use std::any::Any;

    use battlement_core::{CallFacts, Deadline, Reject, RequestFacts, within};

    /// The facts of the request that a service received.
    #[derive(Debug)]
    pub(crate) struct Facts {
        facts: Option<RequestFacts>,
        /// The address of the settings that an outer route has added, which concern an outer layer.
        outer: usize,
    }

    impl Facts {
        #[inline(always)]
        pub(crate) fn of<A: Reject<Req, Res, E>, T: Any, Req, Res, E>(request: &Req) -> Self {
            match A::extensions(request).and_then(RequestFacts::in_extensions) {
                Some(facts) => Self::known::<T>(facts),
                None => Self::none(),
            }
        }

        #[inline(never)]
        fn known<T: Any>(facts: &RequestFacts) -> Self {
            Self { facts: Some(facts.clone()), outer: address(facts.overridden::<T>()) }
        }

        pub(crate) const fn none() -> Self {
            Self { facts: None, outer: 0 }
        }

        /// Returns a copy of the settings of the route, if a layer has added any since the request was received.
        pub(crate) fn overridden<T: Any + Copy>(&self) -> Option<T> {
            let settings = self.facts.as_ref()?.overridden::<T>();
            settings.filter(|_| address(settings) != self.outer).copied()
        }

        /// Runs `work` with these facts as the current ones, if there are any.
        pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
            if self.facts.is_some() { within(&mut self.facts, work) } else { work() }
        }
    }

    fn address<T>(settings: Option<&T>) -> usize {
        settings.map_or(0, |settings| std::ptr::from_ref(settings).addr())
    }

    /// Returns the deadline of a call that is about to be made.
    pub(crate) fn call_deadline<A: Reject<Req, Res, E>, Req, Res, E>(
        request: &Req,
    ) -> Option<Deadline> {
        A::extensions(request).map_or_else(Deadline::current, Deadline::of_call)
    }

    /// Sets the deadline in the facts of a call.
    pub(crate) fn set_call_deadline<A: Reject<Req, Res, E>, Req, Res, E>(
        request: &mut Req,
        deadline: Deadline,
    ) {
        let Some(extensions) = A::extensions_mut(request) else { return };
        if let Some(facts) = extensions.get_mut::<CallFacts>() {
            return facts.set_deadline(Some(deadline));
        }
        let mut facts = CallFacts::in_extensions(extensions);
        facts.set_deadline(Some(deadline));
        extensions.insert(facts);
    }
}

#[cfg(not(feature = "http"))]
#[expect(clippy::extra_unused_type_parameters, reason = "the twins of those with HTTP")]
mod without_http {
    use battlement_core::{Deadline, Reject};

    /// The absence of facts, which there are only with HTTP.
    #[derive(Debug)]
    pub(crate) struct Facts;

    impl Facts {
        pub(crate) const fn of<A: Reject<Req, Res, E>, T, Req, Res, E>(_: &Req) -> Self {
            Self
        }

        pub(crate) const fn none() -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "the twin of the one with HTTP")]
        pub(crate) const fn overridden<T: Copy>(&self) -> Option<T> {
            None
        }

        #[expect(clippy::unused_self, reason = "the twin of the one with HTTP")]
        pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
            work()
        }
    }

    pub(crate) fn call_deadline<A: Reject<Req, Res, E>, Req, Res, E>(_: &Req) -> Option<Deadline> {
        Deadline::current()
    }

    pub(crate) const fn set_call_deadline<A: Reject<Req, Res, E>, Req, Res, E>(
        _: &mut Req,
        _: Deadline,
    ) {
    }
}
