use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tower::Service;

use super::SLOW;
use crate::probe::{Gate, ProbeBody, ProbeError};

/// An HTTP service with every kind of response, selected by the path of the request. Clones share one count of calls.
#[derive(Clone, Default)]
pub struct Responses {
    calls: Arc<AtomicUsize>,
    on_poll: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Responses {
    /// Creates a service without calls.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `on_poll` in each call, and at each poll of a body.
    #[must_use]
    pub fn on_poll(mut self, on_poll: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_poll = Some(Arc::new(on_poll));
        self
    }

    /// Returns the number of calls.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }
}

impl Service<Request<Incoming>> for Responses {
    type Response = Response<ProbeBody>;
    type Error = Infallible;
    type Future = ResponsesFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> ResponsesFuture {
        self.calls.fetch_add(1, SeqCst);
        if let Some(on_poll) = &self.on_poll {
            on_poll();
        }
        ResponsesFuture(match request.uri().path() {
            "/never" => Outcome::Never,
            "/panic" => Outcome::Panic,
            path => Outcome::Respond(self.watch(response(path))),
        })
    }
}

impl Responses {
    fn watch(&self, response: Response<ProbeBody>) -> Response<ProbeBody> {
        match self.on_poll.clone() {
            Some(on_poll) => response.map(|body| body.on_poll(move || on_poll())),
            None => response,
        }
    }
}

impl fmt::Debug for Responses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responses").field("calls", &self.calls).finish_non_exhaustive()
    }
}

/// The response future of [`Responses`].
#[derive(Debug)]
pub struct ResponsesFuture(Outcome);

#[derive(Debug)]
enum Outcome {
    Respond(Response<ProbeBody>),
    Never,
    Panic,
}

impl Future for ResponsesFuture {
    type Output = Result<Response<ProbeBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match std::mem::replace(&mut self.0, Outcome::Never) {
            Outcome::Respond(response) => Poll::Ready(Ok(response)),
            Outcome::Never => Poll::Pending,
            Outcome::Panic => panic!("panic in the handler, as the matrix requires"),
        }
    }
}

fn response(path: &str) -> Response<ProbeBody> {
    let mut response = Response::new(body(path));
    let mut set = |name, value| drop(response.headers_mut().insert(name, value));
    match path {
        "/declared" => set(header::CONTENT_LENGTH, 12.into()),
        "/trailers" => set(header::TRAILER, HeaderValue::from_static("etag")),
        "/events" => set(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        "/101" => {
            set(header::UPGRADE, HeaderValue::from_static("test"));
            set(header::CONNECTION, HeaderValue::from_static("upgrade"));
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        "/204" => *response.status_mut() = StatusCode::NO_CONTENT,
        "/304" => *response.status_mut() = StatusCode::NOT_MODIFIED,
        "/500" => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        _ => {}
    }
    response
}

fn body(path: &str) -> ProbeBody {
    let frames = || four().data("four").data("four").stream();
    match path {
        "/full" => four(),
        "/empty" => ProbeBody::empty(),
        "/slow" => four().wait(&open_after_slow()).data("four").stream(),
        "/trailers" => frames().trailers(trailers()),
        "/body-error" => frames().error(ProbeError::new("broken")),
        "/body-panic" => four().panic(),
        "/stalled" | "/events" => four().wait(&Gate::new()).data("never").stream(),
        _ => frames(),
    }
}

fn four() -> ProbeBody {
    ProbeBody::from("four")
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"done\""))])
}

/// Returns a gate that opens after [`SLOW`].
fn open_after_slow() -> Gate {
    let gate = Gate::new();
    let opened = gate.clone();
    tokio::spawn(async move {
        tokio::time::sleep(SLOW).await;
        opened.open();
    });
    gate
}
