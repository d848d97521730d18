//! The end of a request, in whatever way it comes.

use battlement_core::{Ending, GrpcCode, OnEnd, WebTrailers};
use http::HeaderMap;

use super::{Fate, Origin, Ticket};
use crate::{key::ErrorType, side::Side};

impl OnEnd for Ticket {
    fn data(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        self.web.as_deref_mut()
    }

    fn end(mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        match ending {
            Ending::Complete | Ending::Trailers => {
                self.judge_end(ending, trailers);
                self.ended(ErrorType::None);
            }
            Ending::Error => self.ended(ErrorType::Body),
            // The status of a gRPC call is its last word: nothing is missing that follows it.
            _ if self.side.is_grpc() && self.key.status != 0 => self.ended(ErrorType::None),
            _ => self.given_up(),
        }
    }

    /// Counts the response of a client that was dropped unread by its status: the caller wanted the head alone.
    fn unread(mut self) {
        match (self.side, self.drop_reason()) {
            (Side::Client, ErrorType::Cancelled) => self.ended(ErrorType::None),
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
        self.learn_late_route();
        self.record();
        if let Origin::Request(facts) = &self.origin {
            facts.release(self.pinned.claimant(self.side));
        }
    }
}

impl Ticket {
    /// Judges a gRPC call whose head left its status open by the end of its body, unless the trailers are there
    /// and hidden.
    fn judge_end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let is_hidden = || self.web.as_ref().is_some_and(|web| !web.is_readable());
        if self.side.is_grpc()
            && self.key.status == 0
            && !is_hidden()
            && let Some(code) = GrpcCode::at_end(ending, trailers)
        {
            self.judged(code);
        }
    }

    /// The caller dropped the call. A gRPC call has the status that its caller sees then, unless a layer of ours
    /// dropped it, whose answer is not known here.
    fn given_up(&mut self) {
        let reason = self.drop_reason();
        if reason == ErrorType::Cancelled {
            self.judge_end(Ending::Dropped, None);
        }
        self.ended(reason);
    }

    /// A route that was told before there was a head, for a request that never had one.
    fn learn_late_route(&mut self) {
        if let (Side::Server, Origin::Request(facts)) = (self.side, &self.origin)
            && self.key.status == 0
            && let Some(template) = facts.route()
        {
            self.key.subject = self.pinned.recorder.routes.number(template);
        }
    }
}
