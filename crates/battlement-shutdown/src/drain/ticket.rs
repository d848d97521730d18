use std::{sync::Arc, task::Waker};

use battlement_core::{
    Answer, BodyKind, DropReason, Ending, FirstMessage, Hold, MethodKind, OnEnd, Phase, Rejection,
    RejectionKind, RequestFacts, StreamKind, Wire, announce_close,
};
use bytes::Buf;
use http::{Extensions, HeaderMap, Response, StatusCode, response::Parts};
use http_body::Body;

use super::{ResponseBody, config::Config, layer::EndStream, sender::Sender};
use crate::in_flight::{InFlight, Place, Stream};

/// A request in flight, counted until this value is dropped: with the future, or with the body of the response.
#[derive(Debug)]
pub(super) struct Ticket {
    config: Arc<Config>,
    facts: RequestFacts,
    sender: Sender,
    hold: Hold,
    part: Part,
    /// The registration of the task, once it has waited.
    place: Option<Place>,
}

/// The part that the drain has in a response.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// A response that ends by itself, and is waited for.
    Whole,
    /// A stream that the layer ends when the drain begins.
    OptedIn,
    /// A gRPC response, which is a stream if it goes on after its first message.
    Grpc(FirstMessage),
    /// A stream that is cut off at the end of the drain.
    Stream(Stream),
    /// An answer of a nested layer in place of the service's.
    Refused,
}

/// The end that a phase brings to a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyEnd {
    /// The stream ends as a whole.
    Whole(Wire),
    /// The body is cut off.
    CutOff(Wire),
}

impl Ticket {
    #[inline(always)]
    pub(super) fn open(config: &Arc<Config>, facts: RequestFacts, sender: Sender) -> Self {
        let hold = facts.hold(&config.phases);
        if hold.counts() {
            config.in_flight.enter();
        }
        let config = Arc::clone(config);
        Self { config, facts, sender, hold, part: Part::Whole, place: None }
    }

    /// Reads the head of the response, announces the end of its connection, and returns the kind of its body.
    #[inline(always)]
    pub(super) fn answered(&mut self, head: &mut Parts, body: &impl Body) -> BodyKind {
        // The phase is read first: code between a known length and its use would make its kind be tested again.
        if self.config.phase() > Phase::Running {
            let known = BodyKind::known(self.sender.method(), head.status, body);
            return self.read_head(head, known);
        }
        match self.sender.known(head.status, body) {
            Some(kind) => kind,
            None => self.read_head(head, None),
        }
    }

    #[inline(never)]
    fn read_head(&mut self, head: &mut Parts, known: Option<BodyKind>) -> BodyKind {
        let kind = known.unwrap_or_else(|| BodyKind::declared(&head.headers));
        let is_late = self.config.phase() > Phase::Running;
        if is_late {
            self.announce(head.status, &mut head.headers);
        }
        if is_late && self.refuses(&head.extensions) {
            self.part = Part::Refused;
        } else if kind == BodyKind::Open {
            self.part = part_of(head);
        }
        if let Part::Stream(stream) = self.part {
            self.enter_stream(stream);
        }
        kind
    }

    /// Returns whether a nested layer has created the response with these extensions.
    fn refuses(&self, extensions: &Extensions) -> bool {
        let rejection = extensions.get::<Rejection>().map(|it| it.kind());
        self.is_cut_off() || rejection == Some(RejectionKind::ShuttingDown)
    }

    /// Adds `Connection: close` to a response over HTTP/1, unless the connection becomes another protocol's.
    fn announce(&self, status: StatusCode, headers: &mut HeaderMap) {
        if self.sender.is_http1()
            && self.config.closes_connection()
            && !is_upgrade(self.sender.method(), status)
        {
            announce_close(headers);
        }
    }

    /// Registers the task of a call that waits, and returns whether the call is cut off.
    pub(super) fn waits(&mut self, waker: &Waker) -> bool {
        self.park(waker);
        self.config.phase() >= Phase::CutOff
    }

    /// Registers the task of a body that waits, and returns its end, if it has come.
    pub(super) fn body_waits(&mut self, waker: &Waker) -> Option<BodyEnd> {
        self.park(waker);
        self.body_end()
    }

    /// Returns the end that the phase brings to the body, if it has come.
    #[inline]
    pub(super) fn body_end(&self) -> Option<BodyEnd> {
        match self.config.phase() {
            Phase::Running | Phase::Unready | Phase::Stopping => None,
            phase => self.end_in(phase),
        }
    }

    #[cold]
    fn end_in(&self, phase: Phase) -> Option<BodyEnd> {
        let wire = self.sender.wire();
        match self.part {
            Part::OptedIn => Some(BodyEnd::Whole(wire)),
            // Its end is near, and tells the client more than an error.
            Part::Refused => None,
            _ if phase >= Phase::CutOff => Some(BodyEnd::CutOff(wire)),
            _ => None,
        }
    }

    /// Returns whether the layer reads the data of the body.
    #[inline]
    pub(super) const fn reads(&self) -> bool {
        matches!(self.part, Part::Grpc(_))
    }

    /// Reads data up to the first message of a gRPC response, after which the response is a stream.
    #[inline(never)]
    pub(super) fn read<D: Buf>(&mut self, data: D) -> D {
        if let Part::Grpc(message) = &mut self.part
            && message.read(&data)
        {
            self.part = Part::Stream(Stream::Grpc);
            self.enter_stream(Stream::Grpc);
        }
        data
    }

    /// Stores the reason for outer layers, before the work is dropped.
    pub(super) fn note_cut_off(&self) {
        self.facts.drop_for(DropReason::Shutdown);
    }

    /// Creates the answer to a request that arrived too late.
    // Boxed, as is the one below, since a function that writes it into the caller's result makes the caller copy each
    // result.
    #[cold]
    pub(super) fn rejected<B>(self) -> Box<Response<ResponseBody<B>>> {
        let rejection = self.config.rejection();
        Box::new(self.answer(rejection))
    }

    /// Creates the answer to a call that was cut off. It is not a rejection to other layers, since the service was
    /// called.
    #[cold]
    pub(super) fn cut_off<B>(self) -> Box<Response<ResponseBody<B>>> {
        let mut response = self.answer(Rejection::new(RejectionKind::ShuttingDown));
        response.extensions_mut().remove::<Rejection>();
        Box::new(response)
    }

    /// Creates an answer, in whose body the request ends.
    fn answer<B>(self, rejection: Rejection) -> Response<ResponseBody<B>> {
        let mut response = Answer::new(rejection).response(self.sender.caller());
        self.announce(response.status(), response.headers_mut());
        response.map(|body| ResponseBody::own(body, Some(self)))
    }

    /// Counts a response that the caller has received in full.
    #[inline]
    pub(super) fn count(&self) {
        let is_refused = self.config.phase() > Phase::Running && self.is_refused();
        if self.counts() && !is_refused {
            self.in_flight().answer();
        }
    }

    /// Returns whether a nested layer has answered in place of the service, or has cut the body off.
    #[cold]
    fn is_refused(&self) -> bool {
        matches!(self.part, Part::Refused) || self.is_cut_off()
    }

    /// Returns whether a nested layer has cut the request off.
    fn is_cut_off(&self) -> bool {
        self.facts.drop_reason() == DropReason::Shutdown
    }

    /// Returns whether this ticket, and not that of an outer layer, counts the request.
    #[inline]
    fn counts(&self) -> bool {
        self.hold.counts()
    }

    fn enter_stream(&self, stream: Stream) {
        if self.counts() {
            self.in_flight().enter_stream(stream);
        }
    }

    #[cold]
    fn leave_stream(&self, stream: Stream) {
        if self.counts() {
            self.in_flight().leave_stream(stream);
        }
    }

    // Registered before the phase is read, so that a phase that begins in between wakes the task.
    fn park(&mut self, waker: &Waker) {
        self.config.in_flight.park(&mut self.place, waker);
    }

    #[inline]
    fn in_flight(&self) -> &InFlight {
        &self.config.in_flight
    }
}

impl OnEnd for Ticket {
    #[inline]
    fn end(&mut self, ending: Ending, _: Option<&HeaderMap>) {
        if ending.is_complete() {
            self.count();
        }
    }
}

impl Drop for Ticket {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.in_flight().unpark(place);
        }
        if let Part::Stream(stream) = self.part {
            self.leave_stream(stream);
        }
        if self.facts.release_hold(self.hold, &self.config.phases) {
            self.in_flight().leave();
        }
    }
}

fn is_upgrade(method: MethodKind, status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS
        || (method == MethodKind::Connect && status.is_success())
}

fn part_of(head: &Parts) -> Part {
    if has_opted_in(&head.extensions) {
        return Part::OptedIn;
    }
    match StreamKind::of_head(head.status, &head.headers) {
        StreamKind::Events => Part::Stream(Stream::Events),
        StreamKind::Grpc(_) => Part::Grpc(FirstMessage::of(&head.headers)),
        StreamKind::None | StreamKind::Upgrade => Part::Whole,
    }
}

fn has_opted_in(extensions: &Extensions) -> bool {
    !extensions.is_empty() && extensions.get::<EndStream>().is_some()
}

#[cfg(test)]
mod tests {
    use battlement_core::EndBody;
    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_ticket_takes_four_words() {
        // It is moved with the future and with the body.
        assert_eq!(size_of::<Option<Ticket>>(), 4 * size_of::<usize>());
    }

    #[test]
    fn the_variant_of_a_body_takes_no_word_of_its_own() {
        // A ticket with a flag would: the flag has more unused values than the last field of the body.
        assert_eq!(
            size_of::<ResponseBody<Full<Bytes>>>(),
            size_of::<EndBody<Full<Bytes>, Ticket>>()
        );
    }
}
