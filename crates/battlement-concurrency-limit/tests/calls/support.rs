use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use battlement_concurrency_limit::{Handle, Snapshot};
use battlement_testkit::probe::{Probe, ProbeBody, ProbeError, Reply};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, Response};
use http_body::Body;
use tower::{Layer, Service, ServiceExt as _};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

/// A call in flight.
pub(crate) type Call<B> = BoxFuture<'static, Result<Response<B>, ProbeError>>;

/// A service inside of a layer, with its probe and its handle.
#[derive(Clone)]
pub(crate) struct Client<S> {
    pub(crate) service: S,
    pub(crate) probe: Probe,
    pub(crate) handle: Handle,
}

impl<S> Client<S> {
    pub(crate) fn new<L: Layer<Probe, Service = S>>((layer, handle): (L, Handle)) -> Self {
        let probe = Probe::new();
        Self { service: layer.layer(probe.clone()), probe, handle }
    }
}

impl<S, B> Client<S>
where
    S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Begins a call of `path`, to which the service replies with `reply`.
    pub(crate) fn begin_at(&self, path: &str, reply: Reply) -> Call<B> {
        self.probe.always(reply);
        let request = Request::get(path).body(ProbeBody::empty()).unwrap();
        // Called at once, since a layer admits a call when it is made.
        let mut service = self.service.clone();
        let ready = service.ready().now_or_never().expect("the service is ready").unwrap();
        ready.call(request).boxed()
    }

    pub(crate) fn begin(&self, reply: Reply) -> Call<B> {
        self.begin_at("/", reply)
    }

    /// Begins a call that is in flight or waits.
    pub(crate) fn pending(&self) -> Call<B> {
        self.pending_at("/")
    }

    pub(crate) fn pending_at(&self, path: &str) -> Call<B> {
        let mut call = self.begin_at(path, Reply::never());
        assert!(poll(&mut call).is_none(), "the call is over");
        call
    }

    pub(crate) async fn call(&self) -> Response<B> {
        self.call_at("/").await
    }

    pub(crate) async fn call_at(&self, path: &str) -> Response<B> {
        self.begin_at(path, Reply::body(ProbeBody::empty())).await.unwrap()
    }

    /// Returns the status of the answer to a call now.
    pub(crate) async fn status(&self) -> u16 {
        self.call().await.status().as_u16()
    }
}

impl<S> Client<S> {
    pub(crate) fn now(&self) -> Snapshot {
        self.handle.snapshot()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.now().in_flight
    }

    pub(crate) fn queued(&self) -> usize {
        self.now().queued
    }
}

/// Polls a future once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    match future.poll_unpin(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Polls a body once.
pub(crate) fn poll_body<B: Body + Unpin>(body: &mut B) -> bool {
    let cx = &mut Context::from_waker(Waker::noop());
    std::pin::Pin::new(body).poll_frame(cx).is_ready()
}

/// The events of the current thread, as lines of JSON.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<u8>>>);

impl Events {
    pub(crate) fn start() -> (Self, DefaultGuard) {
        let events = Self::default();
        let writer = events.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(writer);
        let guard = tracing::subscriber::set_default(subscriber.finish());
        (events, guard)
    }

    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl std::io::Write for Events {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Events {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
