use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{
    BodyKind, CallFacts, DropReason, ErrorType, GrpcCode, MethodKind, RequestFacts, Scheme, SpanId,
    TraceId, WebTrailers, Wire,
};
use http::{
    Extensions, HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header,
    uri::PathAndQuery,
};
use http_body::Body;
use tokio::time::Instant;

use crate::{
    active::ActiveKey,
    exemplar::Exemplar,
    key::Key,
    metrics::Pinned,
    names::{Subject, UNKNOWN},
    nested,
    recorder::Recorder,
    route::RouteTemplate,
    side::Side,
    traffic::Traffic,
};

mod end;

/// A request in flight. Dropping the ticket records the request, so each is recorded exactly once; the outcome is set
/// before.
pub(crate) struct Ticket {
    pinned: Arc<Pinned>,
    origin: Origin,
    side: Side,
    key: Key,
    fate: Fate,
    method: MethodKind,
    is_stream: bool,
    received: u64,
    sent: u64,
}

/// The source of the start time and the trace. The parts that few requests have are boxed, so that a ticket stays
/// eight words.
enum Origin {
    Request {
        facts: RequestFacts,
        more: Option<Box<More>>,
    },
    /// Nanoseconds since the recorder was created: one word, where an `Instant` takes two.
    Call {
        since: u64,
        more: Option<Box<More>>,
    },
}

/// The parts that few requests and calls have.
#[derive(Default)]
struct More {
    /// The trace of a client's call.
    trace: Option<(TraceId, SpanId)>,
    /// Present for a gRPC-Web response whose trailers have not arrived yet.
    web: Option<WebTrailers>,
    /// The path of a gRPC call whose method has no name yet.
    path: Option<PathAndQuery>,
}

impl More {
    /// Keeps the path of a gRPC call whose method has no name yet.
    fn unnamed(subject: Subject, uri: &Uri) -> Option<Box<Self>> {
        let path = if subject == UNKNOWN { uri.path_and_query() } else { None }?;
        Some(Box::new(Self { path: Some(path.clone()), ..Self::default() }))
    }
}

/// The outcome if the ticket is dropped now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The caller dropped the request.
    Waiting,
    /// The service panicked while it was called or polled.
    Running,
    /// The key holds the outcome.
    Ended,
}

impl Ticket {
    /// Opens a ticket for a request to a server, unless the path is excluded or an outer layer records the request.
    pub(crate) fn of_request<B>(
        pinned: Arc<Pinned>,
        side: Side,
        request: &mut Request<B>,
    ) -> Option<Self> {
        let recorder = &*pinned.recorder;
        if recorder.leaves_out(request.uri()) {
            return None;
        }
        let facts = RequestFacts::of_or_start(request);
        let side = seen(side, request);
        if let Some(holder) = facts.claim(pinned.claimant(side))
            && nested::is_counted(&facts, holder, pinned.claimant(side), request.extensions_mut())
        {
            return None;
        }
        let (method, uri) = (request.method(), request.uri());
        let (subject, more) = match side {
            Side::Grpc => {
                let subject = recorder.grpc_method(uri);
                (subject, More::unnamed(subject, uri))
            }
            // The route is read with the response; it does not change, since the first route that is set applies.
            _ if facts.route().is_some() => (UNKNOWN, None),
            _ => (recorder.route_of(method, uri, request.extensions()), None),
        };
        let is_stream = side == Side::Grpc && recorder.is_grpc_stream(subject);
        let mut key = Self::key(recorder, subject, 0, request);
        let scheme = Scheme::known(Some(&facts), request.extensions());
        key.set_https(scheme.map_or(recorder.config.https, Scheme::is_https));
        let received = recorder.received(request.headers());
        let origin = Origin::Request { facts, more };
        let method = MethodKind::of(request.method());
        Some(Self::open(pinned, origin, side, key, method, is_stream, received))
    }

    /// Opens a ticket for a call of a client.
    pub(crate) fn of_call<B>(
        pinned: Arc<Pinned>,
        side: Side,
        client: Subject,
        request: &Request<B>,
    ) -> Self {
        let recorder = &*pinned.recorder;
        let side = seen(side, request);
        let subject = if side.is_grpc() { recorder.grpc_method(request.uri()) } else { UNKNOWN };
        let is_stream = side.is_grpc() && recorder.is_grpc_stream(subject);
        let mut more = if side.is_grpc() { More::unnamed(subject, request.uri()) } else { None };
        let mut key = Self::key(recorder, subject, client, request);
        // The caller chose the connection by the URI, so its scheme can be trusted.
        key.set_https(request.uri().scheme_str() == Some("https"));
        let received = recorder.received(request.headers());
        if let Some(trace) = recorder.config.exemplars.then(|| trace_of_call(request)).flatten() {
            more.get_or_insert_default().trace = Some(trace);
        }
        let origin = Origin::Call { since: nanos(recorder.began, Instant::now()), more };
        let method = MethodKind::of(request.method());
        Self::open(pinned, origin, side, key, method, is_stream, received)
    }

    fn key<B>(recorder: &Recorder, subject: Subject, owner: Subject, request: &Request<B>) -> Key {
        let config = &recorder.config;
        let mut key = Key::new(subject, owner, config.methods.number(request.method()));
        if config.labels.any() {
            key.set_labels(config.labels.of(request));
        }
        key
    }

    #[inline]
    fn open(
        pinned: Arc<Pinned>,
        origin: Origin,
        side: Side,
        key: Key,
        method: MethodKind,
        is_stream: bool,
        received: u64,
    ) -> Self {
        let fate = Fate::Waiting;
        let ticket = Self { pinned, origin, side, key, fate, method, is_stream, received, sent: 0 };
        ticket.traffic().active.add(ticket.pinned.shard, ticket.active_key(), 1);
        ticket
    }

    /// Marks the service as running: a ticket that is dropped now belongs to a panic.
    pub(crate) const fn enter(&mut self) {
        self.fate = Fate::Running;
    }

    /// Marks the service as returned.
    pub(crate) const fn leave(&mut self) {
        self.fate = Fate::Waiting;
    }

    /// Records a request whose service failed without a response.
    pub(crate) fn failed(mut self, error: ErrorType) {
        self.ended(error);
    }

    /// Records the head of the response, and returns the kind of its body, which then holds the ticket.
    pub(crate) fn answered<B: Body>(&mut self, response: &Response<B>) -> BodyKind {
        let kind = BodyKind::of(self.method, response);
        let status = response.status();
        self.judge(status, response.headers(), response.extensions());
        self.learn_route(response);
        if !self.side.is_grpc() {
            self.is_stream |= is_upgrade(self.method, status);
            if kind == BodyKind::Open {
                self.learn_type(response.headers());
            }
        }
        if self.traffic().first_byte.is_some() {
            self.record_first_byte();
        }
        kind
    }

    #[inline]
    fn judge(&mut self, status: StatusCode, headers: &HeaderMap, extensions: &Extensions) {
        if self.side.is_grpc() {
            match GrpcCode::at_head(status, headers) {
                Some(code) => self.judged(code, Some(extensions)),
                None => self.read_web(headers),
            }
            return;
        }
        self.key.set_status(status.as_u16());
        let first_error = if self.side == Side::Client { 400 } else { 500 };
        if status.as_u16() >= first_error {
            self.key.set_error(ErrorType::at_head(extensions, self.drop_reason()));
        }
    }

    /// Sets the status of a gRPC call, from the head with its `extensions` or from the end of the body. By
    /// OpenTelemetry's conventions every code but `OK` is an error of a client call, and some codes are errors of a
    /// server.
    fn judged(&mut self, code: GrpcCode, extensions: Option<&Extensions>) {
        self.key.set_status(code as u16 + 1);
        if code.is_server_error() || (self.side.is_client() && code != GrpcCode::Ok) {
            let error = match extensions {
                Some(extensions) => ErrorType::at_head(extensions, self.drop_reason()),
                None => ErrorType::Status.at_end(self.drop_reason()),
            };
            self.key.set_error(error);
        }
        if self.key.subject == UNKNOWN {
            self.learn_method(code);
        }
    }

    /// Sets the method of a gRPC call that had no name when it began. `OK` proves that the method exists; an error
    /// does not, since an authentication layer responds to any path that a client invents.
    #[inline(never)]
    fn learn_method(&mut self, code: GrpcCode) {
        let (Origin::Request { more, .. } | Origin::Call { more, .. }) = &self.origin;
        if let Some(path) = more.as_ref().and_then(|more| more.path.as_ref()) {
            let is_proved = code == GrpcCode::Ok;
            self.key.subject = self.pinned.recorder.learn_grpc_method(path.path(), is_proved);
        }
    }

    /// Detects event streams (WHATWG HTML) by the content type, and gRPC-Web, whose client is finished once it has the
    /// trailers.
    fn learn_type(&mut self, headers: &HeaderMap) {
        let Some(value) = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) else {
            return;
        };
        self.is_stream |= is_type(value, b"text/event-stream");
        if is_type(value, b"application/grpc-web") {
            self.read_web(headers);
        }
    }

    /// Reads the trailers of a gRPC-Web response from its body.
    #[inline(never)]
    fn read_web(&mut self, headers: &HeaderMap) {
        let Some(reader) = WebTrailers::of(headers) else { return };
        let (Origin::Request { more, .. } | Origin::Call { more, .. }) = &mut self.origin;
        more.get_or_insert_default().web = Some(reader);
    }

    fn web(&mut self) -> Option<&mut WebTrailers> {
        let (Origin::Request { more, .. } | Origin::Call { more, .. }) = &mut self.origin;
        more.as_mut()?.web.as_mut()
    }

    /// Sets the route that an inner layer provided, which overrides that of the request head.
    fn learn_route<B>(&mut self, response: &Response<B>) {
        let Origin::Request { facts, .. } = &self.origin else {
            return;
        };
        if self.side != Side::Server {
            return;
        }
        if let Some(template) = facts.route().or_else(|| RouteTemplate::of(response.extensions())) {
            self.key.subject = self.pinned.recorder.routes.number(template);
        }
    }

    fn record_first_byte(&self) {
        let elapsed = nanos(self.start(), Instant::now());
        if let Some(series) = &self.traffic().first_byte {
            series.record(self.pinned.shard, self.key, elapsed);
        }
    }

    fn ended(&mut self, error: ErrorType) {
        self.fate = Fate::Ended;
        if error != ErrorType::None {
            self.key.set_error(error);
        }
    }

    fn traffic(&self) -> &Traffic {
        self.pinned.recorder.traffic(self.side)
    }

    fn active_key(&self) -> ActiveKey {
        ActiveKey { owner: self.key.owner, method: self.key.method, https: self.key.is_https() }
    }

    fn start(&self) -> Instant {
        match &self.origin {
            Origin::Request { facts, .. } => facts.start(),
            Origin::Call { since, .. } => self.pinned.recorder.began + Duration::from_nanos(*since),
        }
    }

    /// Returns the trace of a sampled request.
    fn trace(&self) -> Option<(TraceId, SpanId)> {
        match &self.origin {
            Origin::Request { facts, .. } => sampled(facts.trace()?),
            Origin::Call { more, .. } => more.as_ref()?.trace,
        }
    }

    fn drop_reason(&self) -> DropReason {
        match &self.origin {
            Origin::Request { facts, .. } => facts.drop_reason(),
            Origin::Call { .. } => DropReason::current().unwrap_or_default(),
        }
    }

    fn record(&self) {
        let recorder = &*self.pinned.recorder;
        let traffic = recorder.traffic(self.side);
        let shard = self.pinned.shard;
        traffic.active.add(shard, self.active_key(), -1);
        let at = Instant::now();
        let elapsed = nanos(self.start(), at);
        let series = if self.is_stream { &traffic.stream } else { &traffic.duration };
        let recorded = series.record(shard, self.key, elapsed);
        if recorder.config.exemplars
            && let Some((trace_id, span_id)) = self.trace()
        {
            recorded.exemplar(|| Exemplar { trace_id, span_id, value: elapsed, at, time: None });
        }
        if let Some(sizes) = &traffic.sizes {
            sizes.request.record(shard, self.key, self.received);
            sizes.response.record(shard, self.key, self.sent);
        }
    }
}

/// Returns the side that records a request: a request that is not gRPC is recorded as HTTP.
fn seen<B>(side: Side, request: &Request<B>) -> Side {
    if side.is_grpc() && !Wire::of_request(request.method(), request.headers()).is_grpc() {
        return side.without_grpc();
    }
    side
}

fn nanos(from: Instant, to: Instant) -> u64 {
    let elapsed = to.saturating_duration_since(from);
    // Overflows after 584 years.
    elapsed.as_secs().wrapping_mul(1_000_000_000) + u64::from(elapsed.subsec_nanos())
}

fn is_upgrade(method: MethodKind, status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS
        || (method == MethodKind::Connect && status.is_success())
}

/// Returns whether a content type begins with `start`, in any case.
fn is_type(value: &[u8], start: &[u8]) -> bool {
    value.get(..start.len()).is_some_and(|value| value.eq_ignore_ascii_case(start))
}

fn sampled(trace: &battlement_core::Trace) -> Option<(TraceId, SpanId)> {
    trace.flags.is_sampled().then_some((trace.trace_id, trace.span_id))
}

fn trace_of_call<B>(request: &Request<B>) -> Option<(TraceId, SpanId)> {
    sampled(CallFacts::of(request).trace()?)
}

// Without the path, whose query may hold secrets.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("key", &self.key).finish_non_exhaustive()
    }
}

// A ticket is moved several times; a move of more than eight words is a function call.
const _: () = assert!(size_of::<Ticket>() <= 64);
