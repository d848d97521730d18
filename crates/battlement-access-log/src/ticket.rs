use std::{fmt, sync::Arc};

use battlement_core::{
    BodyKind, ErrorType, GrpcCode, Rejection, RequestFacts, StreamKind, WebTrailers, Wire,
    matched_path,
};
use http::{Extensions, HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use tokio::time::Instant;

use crate::{
    config::Config,
    entry::{Entry, Origin},
    head::Head,
    stage::Stage,
};

mod end;
mod write;

/// A request in flight. Dropping the ticket writes its record, so each request has exactly one; the outcome is set
/// before.
///
/// The ticket is one word, since futures and bodies are moved.
pub(crate) struct Ticket {
    entry: Box<Entry>,
}

impl Ticket {
    /// Opens a ticket for a request to a server, unless an outer clone of the layer records it.
    // A call that is not inlined, since no record is written while the level is off.
    #[inline(never)]
    pub(crate) fn of_request<B>(config: &Arc<Config>, request: &mut Request<B>) -> Option<Self> {
        let facts = RequestFacts::of_or_start(request);
        if !facts.claim_record(Arc::as_ptr(config).addr()) {
            note_route(&facts, request.extensions());
            return None;
        }
        let head = Head::of(config, request);
        Some(Self::open(Entry::new(config, Origin::Request(facts), head), request.headers()))
    }

    /// Opens the ticket of a request or call with these headers.
    pub(crate) fn open(mut entry: Entry, headers: &HeaderMap) -> Self {
        entry.is_grpc = Wire::of_request(&entry.head.method, headers).is_grpc();
        entry.is_skipped = entry.config.skip.concerns(&entry.head.uri, headers);
        let ticket = Self { entry: Box::new(entry) };
        if ticket.entry.config.received {
            ticket.write(Stage::Received, Instant::now());
        }
        ticket
    }

    /// Marks the service as running: a ticket that is dropped now belongs to a panic.
    pub(crate) fn enter(&mut self) {
        self.entry.running_since = Some(Instant::now());
    }

    /// Marks the service as returned.
    pub(crate) fn leave(&mut self) {
        self.entry.stop(Instant::now());
    }

    /// Runs the call of the service. If it panics, the ticket is dropped as running.
    pub(crate) fn calling<R>(&mut self, call: impl FnOnce() -> R) -> R {
        self.enter();
        let result = call();
        self.leave();
        result
    }

    /// Ends a request whose service failed without a response.
    pub(crate) fn failed(mut self, error: ErrorType) {
        self.entry.rejection = error.rejection();
        self.ended(error);
    }

    /// Records the head of the response, and returns the kind of its body, which then holds the ticket.
    pub(crate) fn answered<B: Body>(&mut self, response: &Response<B>) -> BodyKind {
        let now = Instant::now();
        let entry = &mut *self.entry;
        entry.stop(now);
        entry.first_byte = Some(entry.since_start(now));
        entry.status = Some(response.status());
        entry.rejection =
            response.extensions().get::<Rejection>().map(|rejection| rejection.kind());
        self.judge(response);
        let kind = BodyKind::of(self.entry.method(), response);
        let stream = self.stream(response);
        let is_visible = kind == BodyKind::Open && !response.body().is_end_stream();
        if stream == StreamKind::Upgrade || (stream == StreamKind::Events && is_visible) {
            self.write(Stage::Head, now);
            self.entry.has_head_record = true;
            self.entry.is_upgrade = stream == StreamKind::Upgrade;
        }
        kind
    }

    /// Sets the outcome from the head of a response.
    fn judge<B>(&mut self, response: &Response<B>) {
        let (status, headers) = (response.status(), response.headers());
        if self.entry.is_grpc {
            match GrpcCode::at_head(status, headers) {
                Some(code) => {
                    self.entry.grpc_status = Some(code);
                    if self.is_error(code) {
                        self.fails_at_head(response);
                    }
                }
                None => self.entry.web = WebTrailers::of(headers).map(Box::new),
            }
            return;
        }
        if status.is_server_error() || status.as_u16() >= self.first_error() {
            self.fails_at_head(response);
        }
    }

    /// Returns the first status that is an error, by OpenTelemetry's conventions.
    fn first_error(&self) -> u16 {
        if self.entry.origin.is_call() { 400 } else { 500 }
    }

    fn is_error(&self, code: GrpcCode) -> bool {
        code.is_server_error() || (self.entry.origin.is_call() && code != GrpcCode::Ok)
    }

    fn fails_at_head<B>(&mut self, response: &Response<B>) {
        let reason = self.entry.origin.drop_reason();
        self.entry.error = ErrorType::at_head(response.extensions(), reason);
    }

    /// Returns whether the response is a stream, and of which kind.
    fn stream<B>(&self, response: &Response<B>) -> StreamKind {
        let is_tunnel = self.entry.head.method == http::Method::CONNECT
            && response.status().is_success()
            && response.status() != StatusCode::SWITCHING_PROTOCOLS;
        if is_tunnel { StreamKind::Upgrade } else { StreamKind::of_response(response) }
    }

    fn ended(&mut self, error: ErrorType) {
        self.entry.is_ended = true;
        if error != ErrorType::None {
            self.entry.error = error;
        }
    }
}

impl fmt::Debug for Ticket {
    /// Omits the head of the request, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("outcome", &self.entry.outcome()).finish_non_exhaustive()
    }
}

/// Passes the route that is known here to the outer layer that records the request.
fn note_route(facts: &RequestFacts, extensions: &Extensions) {
    if let (None, Some(template)) = (facts.route(), matched_path(extensions)) {
        facts.set_route(template.to_owned());
    }
}
