use std::{backtrace::Backtrace, error::Error, fmt};

use battlement_core::{RequestFacts, RequestId};

use crate::{Panic, chain};

/// A bug that a request has met, for [`ProblemLayer::on_bug`](crate::ProblemLayer::on_bug).
#[derive(Clone, Copy)]
pub struct Bug<'a> {
    pub(crate) facts: Option<&'a RequestFacts>,
    pub(crate) error: &'a (dyn Error + 'static),
    pub(crate) backtrace: Option<&'a Backtrace>,
}

impl<'a> Bug<'a> {
    /// The id that the caller was told, if requests have ids.
    #[must_use]
    pub fn request_id(&self) -> Option<&'a RequestId> {
        self.facts?.id()
    }

    /// The template of the route, if a layer told.
    #[must_use]
    pub fn route(&self) -> Option<&'a str> {
        self.facts?.route()
    }

    /// The error; a [`Panic`], if it was one.
    #[must_use]
    pub const fn error(&self) -> &'a (dyn Error + 'static) {
        self.error
    }

    /// The panic, if it was one.
    #[must_use]
    pub fn panic(&self) -> Option<&'a Panic> {
        self.error.downcast_ref()
    }

    /// The error and all its sources on one line, as the log has it.
    #[must_use]
    pub fn chain(&self) -> String {
        chain::line(self.error)
    }

    /// The way to where it was, if `RUST_BACKTRACE` asks for that.
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
