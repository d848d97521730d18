use std::{backtrace::BacktraceStatus, error::Error};

use battlement_core::{RequestFacts, RequestId};
use http::{HeaderMap, StatusCode, header};
use tracing::{error, info, warn};

use crate::{
    Bug, Problem,
    backtrace::ProgramFrames,
    catch::{Caught, catch, panicked},
    chain,
    config::Config,
    explain,
};

/// Logs the failures of one request under its id.
#[derive(Clone, Copy)]
pub(crate) struct Reporter<'a> {
    pub(crate) config: &'a Config,
    pub(crate) facts: Option<&'a RequestFacts>,
}

impl<'a> Reporter<'a> {
    /// Logs the cause of a problem. The response for a problem without a cause contains everything that is known.
    pub(crate) fn answered(self, problem: &Problem) {
        let Some(cause) = problem.cause() else {
            return;
        };
        if problem.is_bug() {
            let bug = Bug { facts: self.facts, error: cause, backtrace: problem.backtrace() };
            return self.bug(&bug, "request failed because of a bug");
        }
        let (request_id, cause) = (self.id(), chain::line(cause));
        let (status, code) = (problem.status().as_u16(), problem.code());
        if problem.status().is_server_error() {
            warn!(request_id, status, code, cause, "request failed");
        } else {
            info!(request_id, status, code, cause, "request rejected");
        }
    }

    /// Logs that the text of an error response with `status` was left out.
    pub(crate) fn unreadable(self, status: StatusCode, headers: &HeaderMap) {
        let content_type = headers.get(header::CONTENT_TYPE).map(|value| format!("{value:?}"));
        let (request_id, status) = (self.id(), status.as_u16());
        info!(
            request_id,
            status,
            content_type,
            "the text of an error response was left out because its charset is not UTF-8; encode it in UTF-8"
        );
    }

    /// Logs a panic in code of the application that the layer ran.
    #[cold]
    pub(crate) fn panicked(self, caught: Caught, message: &str) {
        error!(request_id = self.id(), panic = panicked(caught).to_string(), "{message}");
    }

    /// Drops a value of the application, and logs a panic of its `Drop`.
    pub(crate) fn drop<T>(self, value: T) {
        if let Err(caught) = catch(|| drop(value)) {
            self.panicked(caught, "a value of the service panicked while it was dropped");
        }
    }

    /// Logs why a body failed after its head was sent.
    pub(crate) fn broke_off(self, error: &(dyn Error + 'static)) {
        if explain::known(error, self).is_some_and(|problem| !problem.is_bug()) {
            warn!(request_id = self.id(), cause = chain::line(error), "response body failed");
        } else {
            let bug = Bug { facts: self.facts, error, backtrace: None };
            self.bug(&bug, "response body failed because of a bug");
        }
    }

    fn bug(self, bug: &Bug<'_>, message: &str) {
        let backtrace = bug
            .backtrace()
            .filter(|backtrace| backtrace.status() == BacktraceStatus::Captured)
            .map(|backtrace| tracing::field::display(ProgramFrames(backtrace)));
        let (request_id, cause) = (self.id(), bug.chain());
        error!(request_id, cause, backtrace, "{message}");
        if let Some(on_bug) = &self.config.on_bug
            && let Err(caught) = catch(|| on_bug(bug))
        {
            self.panicked(caught, "the `on_bug` hook panicked");
        }
    }

    fn id(self) -> Option<&'a str> {
        self.facts.and_then(RequestFacts::id).map(RequestId::as_str)
    }
}
