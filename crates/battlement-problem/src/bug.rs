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
    ///
    /// The backtrace of a panic is known only after [`silence_caught_panics`](crate::silence_caught_panics) was called;
    /// otherwise the process's panic hook prints it.
    #[must_use]
    pub fn backtrace(&self) -> Option<&'a Backtrace> {
        // A panic was unwound before it became a `Problem`, whose own backtrace has none of its frames.
        self.panic().map_or(self.backtrace, Panic::backtrace)
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_panic_does_not_have_the_backtrace_of_the_layer_that_caught_it() {
        let of_layer = Backtrace::force_capture();
        let panic = Panic::of_payload(Box::new("out of tea"));
        let bug = Bug { facts: None, error: &panic, backtrace: Some(&of_layer) };
        assert!(bug.backtrace().is_none());

        let panic = Panic { backtrace: Some(Backtrace::force_capture()), ..panic };
        let bug = Bug { facts: None, error: &panic, backtrace: Some(&of_layer) };
        assert!(bug.backtrace().is_some_and(|backtrace| !std::ptr::eq(backtrace, &of_layer)));
    }

    #[test]
    fn an_error_has_the_backtrace_of_its_conversion() {
        let of_conversion = Backtrace::force_capture();
        let error = io::Error::other("disk full");
        let bug = Bug { facts: None, error: &error, backtrace: Some(&of_conversion) };
        assert!(bug.backtrace().is_some());
    }
}
