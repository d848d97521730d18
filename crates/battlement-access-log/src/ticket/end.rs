//! The end of a request.

use battlement_core::{DropReason, Ending, ErrorType, GrpcCode, OnEnd, WebTrailers};
use http::HeaderMap;
use tokio::time::Instant;

use super::Ticket;
use crate::{entry::Origin, stage::Stage};

impl OnEnd for Ticket {
    fn data(&mut self, bytes: usize) {
        self.entry.bytes_out += bytes as u64;
    }

    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        self.entry.web.as_deref_mut()
    }

    /// Ends a client's response that was dropped unread by its status: the caller needed only the head.
    fn unread(&mut self) {
        let is_call = self.entry.origin.is_call() && !self.entry.is_grpc;
        match self.entry.origin.drop_reason() {
            DropReason::Cancelled if is_call => self.ended(ErrorType::None),
            _ => self.end(Ending::Dropped, None),
        }
    }

    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        match ending {
            _ if self.entry.is_grpc => self.end_call(ending, trailers),
            Ending::Complete | Ending::Trailers => self.ended(ErrorType::None),
            Ending::Error => self.failed_body(),
            _ => self.given_up(),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let is_running = self.entry.running_since.is_some();
        match is_running {
            _ if self.entry.is_ended => {}
            true => self.ended(ErrorType::Panic),
            false => self.given_up(),
        }
        let now = Instant::now();
        self.entry.stop(now);
        // The record of an upgrade was written at its head, and the end of the connection is not visible here.
        if !self.entry.is_upgrade {
            let stage = if self.entry.has_head_record { Stage::End } else { Stage::Complete };
            self.write(stage, now);
        }
        if let Origin::Request(facts) = &self.entry.origin {
            facts.release_record(self.claimant());
        }
    }
}

impl Ticket {
    /// Ends a gRPC call. After a status in the head nothing is missing: the response is complete.
    fn end_call(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let is_open = self.entry.grpc_status.is_none();
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
        let is_hidden = self.entry.web.as_ref().is_some_and(|web| !web.is_readable());
        if self.entry.grpc_status.is_some() || is_hidden {
            return;
        }
        let Some(code) = GrpcCode::at_end(ending, trailers) else { return };
        self.entry.grpc_status = Some(code);
        if self.is_error(code) {
            self.entry.error = ErrorType::Status.at_end(self.entry.origin.drop_reason());
        }
    }

    fn failed_body(&mut self) {
        self.ended(ErrorType::Body.at_end(self.entry.origin.drop_reason()));
    }

    /// Ends a call that its caller dropped. A gRPC call gets the status that its caller sees, unless a battlement layer
    /// dropped it, whose response is not known here.
    fn given_up(&mut self) {
        let reason = self.entry.origin.drop_reason();
        if reason == DropReason::Cancelled && self.entry.is_grpc {
            self.judge_end(Ending::Dropped, None);
        }
        self.ended(reason.into());
    }
}
