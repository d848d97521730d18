//! Recording of the end of a request.

use battlement_core::{DropReason, Ending, ErrorType, GrpcCode, OnEnd, WebTrailers};
use http::HeaderMap;

use super::{Fate, Origin, Ticket};
use crate::side::Side;

impl OnEnd for Ticket {
    fn data(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        self.web()
    }

    // Inlined, since a body has several calls of it, all but one of which are rare.
    #[inline(always)]
    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        match ending {
            _ if self.side.is_grpc() => self.end_call(ending, trailers),
            Ending::Complete | Ending::Trailers => self.ended(ErrorType::None),
            Ending::Error => self.failed_body(),
            _ => self.given_up(),
        }
    }

    /// Records a client's response that was dropped unread by its status: the caller needed only the head.
    fn unread(&mut self) {
        match (self.side, self.drop_reason()) {
            (Side::Client, DropReason::Cancelled) => self.ended(ErrorType::None),
            _ => self.end(Ending::Dropped, None),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        match self.fate {
            Fate::Ended => {}
            Fate::Running => self.ended(ErrorType::Panic),
            Fate::Waiting => self.given_up(),
        }
        if self.key.status() == 0 {
            self.learn_late_route();
        }
        self.record();
        if let Origin::Request { facts, .. } = &self.origin {
            facts.release(self.pinned.claimant(self.side));
        }
    }
}

impl Ticket {
    /// Ends a gRPC call. After a status in the head nothing is missing: the response is complete.
    #[inline(never)]
    fn end_call(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let is_open = self.key.status() == 0;
        match ending {
            Ending::Complete | Ending::Trailers => {
                self.judge_end(ending, trailers);
                self.ended(ErrorType::None);
            }
            Ending::Error => self.failed_body(),
            _ if is_open => self.given_up(),
            _ => self.ended(ErrorType::None),
        }
    }

    /// Sets the status of a gRPC call from the end of its body, if the head left the status open, unless the trailers
    /// are present but unreadable.
    fn judge_end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let is_hidden = self.web().is_some_and(|web| !web.is_readable());
        if self.key.status() == 0
            && !is_hidden
            && let Some(code) = GrpcCode::at_end(ending, trailers)
        {
            self.judged(code, None);
        }
    }

    /// Records a body that failed.
    #[cold]
    fn failed_body(&mut self) {
        self.ended(ErrorType::Body.at_end(self.drop_reason()));
    }

    /// Records a call that its caller dropped. A gRPC call gets the status that its caller sees, unless a battlement
    /// layer dropped it, whose response is not known here.
    fn given_up(&mut self) {
        let reason = self.drop_reason();
        if reason == DropReason::Cancelled && self.side.is_grpc() {
            self.judge_end(Ending::Dropped, None);
        }
        self.ended(reason.into());
    }

    /// Sets the route that an inner layer provided, for a request that never got a response.
    #[cold]
    fn learn_late_route(&mut self) {
        if let (Side::Server, Origin::Request { facts, .. }) = (self.side, &self.origin)
            && let Some(template) = facts.route()
        {
            self.key.subject = self.pinned.recorder.routes.number(template);
        }
    }
}
