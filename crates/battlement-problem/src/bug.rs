use std::{backtrace::Backtrace, error::Error, fmt};

use battlement_core::{RequestFacts, RequestId};

use crate::{Panic, chain};

/// A bug that occurred in a request, for [`ProblemLayer::on_bug`](crate::ProblemLayer::on_bug).
#[derive(Clone, Copy)]
pub struct Bug<'a> {
    pub(crate) facts: Option<&'a RequestFacts>,
    pub(crate) error: &'a (dyn Error + 'static),
    pub(crate) backtrace: Option<&'a Backtrace>,
}

impl<'a> Bug<'a> {
    /// Returns the request id that the caller received, if requests have ids.
    #[must_use]
    pub fn request_id(&self) -> Option<&'a RequestId> {
        self.facts?.id()
    }

    /// Returns the route template, if an outer layer or router recorded it.
    #[must_use]
    pub fn route(&self) -> Option<&'a str> {
        self.facts?.route()
    }

    /// Returns the error, which is a [`Panic`] if the service panicked.
    #[must_use]
    pub const fn error(&self) -> &'a (dyn Error + 'static) {
        self.error
    }

    /// Returns the panic, if the service panicked.
    #[must_use]
    pub fn panic(&self) -> Option<&'a Panic> {
        self.error.downcast_ref()
    }

    /// Returns the error and all its sources on one line, as logged.
    #[must_use]
    pub fn chain(&self) -> String {
        chain::line(self.error)
    }

    /// Returns the backtrace, if `RUST_BACKTRACE` enables it.
    #[must_use]
    pub fn backtrace(&self) -> Option<&'a Backtrace> {
        self.panic().and_then(Panic::backtrace).or(self.backtrace)
    }
}

impl fmt::Debug for Bug<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bug")
            .field("request_id", &self.request_id())
            .field("route", &self.route())
            .field("chain", &self.chain())
            .finish_non_exhaustive()
    }
}
