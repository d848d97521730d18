use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::Duration,
};

use battlement_circuit_breaker::{
    CircuitBreakerBody, CircuitBreakerLayer, Counts, Handle, Http, RejectionKind,
};
use battlement_core::{Rejection, ResponseBody};
use bytes::Bytes;
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use tower::{
    Layer as _, ServiceExt as _,
    util::{BoxCloneService, service_fn},
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The answer of the service to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    /// A status with a wait in `Retry-After`.
    RetryAfter(u16, &'static str),
    /// A response with one message, and then this end.
    Body(End),
    /// A gRPC response with one message, and then this end.
    Grpc(End),
    Error(io::ErrorKind),
    /// A local rejection, as of a bulkhead inside of the breaker.
    Full,
    Late(Duration, u16),
    Hang,
    Panic,
    PanicInCall,
}

/// The end of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Complete,
    Status(&'static str),
    Error,
    Hang,
    Panic,
}

pub(crate) type Body = StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>;
pub(crate) type Answer = Response<ResponseBody<CircuitBreakerBody<Body>>>;
pub(crate) type Call = BoxFuture<'static, io::Result<Answer>>;

/// A client whose calls pass a breaker.
#[derive(Clone)]
pub(crate) struct Client {
    service: BoxCloneService<Request<Reply>, Answer, io::Error>,
    calls: Arc<AtomicUsize>,
}

impl Client {
    pub(crate) fn new(layer: &CircuitBreakerLayer<Http>) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let upstream = service_fn(move |request: Request<Reply>| {
            counted.fetch_add(1, Relaxed);
            let reply = request.into_body();
            assert!(!matches!(reply, Reply::PanicInCall), "in call");
            answer(reply)
        });
        Self { service: BoxCloneService::new(layer.layer(upstream)), calls }
    }

    /// Begins a call.
    pub(crate) fn begin(&self, reply: Reply) -> Call {
        self.begin_at("/", reply)
    }

    pub(crate) fn begin_at(&self, uri: &str, reply: Reply) -> Call {
        let request = Request::get(uri).body(reply).unwrap();
        self.service.clone().oneshot(request).boxed()
    }

    /// Begins a call, and polls it once, which must not end it.
    pub(crate) fn pending(&self, reply: Reply) -> Call {
        let mut call = self.begin(reply);
        assert!(poll(&mut call).is_none());
        call
    }

    pub(crate) async fn call(&self, reply: Reply) -> io::Result<Answer> {
        self.begin(reply).await
    }

    pub(crate) async fn call_at(&self, uri: &str, reply: Reply) -> io::Result<Answer> {
        self.begin_at(uri, reply).await
    }

    /// Returns the number of calls that have reached the service.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }

    /// Makes 5 calls that fail, which opens a breaker.
    pub(crate) async fn open(&self) {
        for _ in 0..5 {
            self.call(Reply::Status(500)).await.unwrap();
        }
    }

    /// Returns the number of calls that are admitted at once. They are dropped.
    pub(crate) fn admitted(&self, most: usize) -> usize {
        let before = self.calls();
        let calls: Vec<Call> = (0..most)
            .map(|_| {
                let mut call = self.begin(Reply::Hang);
                let _ = poll(&mut call);
                call
            })
            .collect();
        drop(calls);
        self.calls() - before
    }
}

/// Polls a call once.
pub(crate) fn poll<F: Future + Unpin>(call: &mut F) -> Option<F::Output> {
    match call.poll_unpin(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

pub(crate) fn is_rejected(answer: &Answer) -> bool {
    let rejection = answer.extensions().get::<Rejection>();
    rejection.is_some_and(|rejection| rejection.kind() == RejectionKind::CircuitOpen)
}

/// Returns a client and the handle of its breaker.
pub(crate) fn billing() -> (Client, Handle) {
    with(CircuitBreakerLayer::new("billing"))
}

pub(crate) fn with(layer: CircuitBreakerLayer<Http>) -> (Client, Handle) {
    let (layer, handle) = layer.pair();
    (Client::new(&layer), handle)
}

/// Returns a client whose breaker is half-open from its next call on.
pub(crate) async fn half_open() -> (Client, Handle) {
    let (client, handle) = billing();
    client.open().await;
    assert_eq!(handle.state().as_str(), "open");
    tokio::time::advance(5 * SECOND).await;
    (client, handle)
}

/// Returns the counts of one success.
pub(crate) fn counts(handle: &Handle) -> Counts {
    handle.snapshot().counts
}

async fn answer(reply: Reply) -> io::Result<Response<Body>> {
    match reply {
        Reply::Status(status) => Ok(response(status, End::Complete)),
        Reply::RetryAfter(status, wait) => {
            let mut response = response(status, End::Complete);
            response.headers_mut().insert("retry-after", wait.parse().unwrap());
            Ok(response)
        }
        Reply::Body(end) => Ok(response(200, end)),
        Reply::Grpc(end) => {
            let mut response = response(200, end);
            response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
            Ok(response)
        }
        Reply::Error(kind) => Err(kind.into()),
        Reply::Full => Err(io::Error::other(Rejection::new(RejectionKind::Overloaded))),
        Reply::Late(time, status) => {
            tokio::time::sleep(time).await;
            Ok(response(status, End::Complete))
        }
        Reply::Hang => std::future::pending().await,
        Reply::Panic => panic!("in the service"),
        Reply::PanicInCall => unreachable!(),
    }
}

/// Returns a response with one message and then `end`.
fn response(status: u16, end: End) -> Response<Body> {
    let message = stream::iter([Ok(Frame::data(Bytes::from_static(b"hello")))]);
    let end = match end {
        End::Complete => stream::empty().boxed(),
        End::Status(status) => {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", status.parse().unwrap());
            stream::iter([Ok(Frame::trailers(trailers))]).boxed()
        }
        End::Error => stream::iter([Err(io::Error::other("broken"))]).boxed(),
        End::Hang => stream::pending().boxed(),
        End::Panic => stream::once(async { panic!("in the body") }).boxed(),
    };
    let body = StreamBody::new(message.chain(end).boxed());
    Response::builder().status(status).body(body).unwrap()
}
