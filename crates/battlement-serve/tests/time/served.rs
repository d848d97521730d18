use std::{
    convert::Infallible,
    error::Error,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{DropReason, Phase, PhaseWriter, Phases};
use battlement_serve::{Closed, End, Limits, Listener, Observe, Server, TimeoutKind};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};
use tokio_stream::{StreamExt as _, iter, pending};
use tower::Service;

use crate::{client::Client, http2::Http2};

/// More than all buffers between a handler and a client hold.
pub(crate) const BIG: usize = 4 << 20;

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A server on a Unix socket.
pub(crate) struct Served {
    path: PathBuf,
    pub(crate) seen: Seen,
    phases: PhaseWriter,
    _dir: TempDir,
}

/// The events of a server, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Event>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Timeout(TimeoutKind),
    Closed(End),
    /// A handler was dropped before it had answered.
    Dropped(Option<DropReason>),
    /// A handler has read a whole request body of this size, after its response.
    Uploaded(usize),
}

impl Served {
    pub(crate) async fn with(limits: Limits) -> Self {
        Self::on(limits, |seen| tower::service_fn(move |request| handle(request, seen.clone())))
            .await
    }

    /// Serves the service that `service` makes.
    pub(crate) async fn on<S, B>(limits: Limits, service: impl FnOnce(Seen) -> S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Future: Send>,
        S: Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        B: hyper::body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>>,
        B: Send + 'static,
    {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let listener = Listener::unix(&path).bind().unwrap();
        let (seen, (phases, read)) = (Seen::default(), Phases::new());
        let service = service(seen.clone());
        let server = Server::new(listener).limits(limits).observe(seen.clone()).phases(read);
        tokio::spawn(server.serve(service));
        Self { path, seen, phases, _dir: dir }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::new(UnixStream::connect(&self.path).await.unwrap())
    }

    /// Opens an HTTP/2 connection with the preface and a SETTINGS frame.
    pub(crate) async fn http2(&self, settings: &[u8]) -> Http2 {
        Http2::open(self.connect().await, settings).await
    }

    pub(crate) fn reach(&self, phase: Phase) {
        self.phases.advance(phase);
    }
}

impl Seen {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    fn push(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Observe for Seen {
    fn on_timeout(&self, _: &str, kind: TimeoutKind) {
        self.push(Event::Timeout(kind));
    }

    fn on_closed(&self, connection: &Closed<'_>) {
        self.push(Event::Closed(connection.end));
    }
}

struct Waiting(Seen);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.push(Event::Dropped(DropReason::current()));
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn handle(request: Request<Incoming>, seen: Seen) -> Result<Response<Body>, Infallible> {
    if request.method() == Method::CONNECT {
        tokio::spawn(echo(request));
        return Ok(Response::new(full("")));
    }
    let body = match request.uri().path() {
        "/big" => full(vec![b'x'; BIG]),
        "/open" => open(),
        "/wait" => {
            let _waiting = Waiting(seen);
            std::future::pending().await
        }
        "/early" => {
            tokio::spawn(async move {
                let body = request.into_body().collect().await;
                seen.push(Event::Uploaded(body.map_or(0, |body| body.to_bytes().len())));
            });
            full("early")
        }
        _ => full("hello"),
    };
    Ok(Response::new(body))
}

/// Returns the first bytes of a tunnel to their sender.
async fn echo(request: Request<Incoming>) {
    let mut tunnel = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
    let mut bytes = [0; 4];
    tunnel.read_exact(&mut bytes).await.unwrap();
    tunnel.write_all(&bytes).await.unwrap();
}

fn full(data: impl Into<Bytes>) -> Body {
    Full::new(data.into()).boxed()
}

/// Returns a body that sends one chunk and never ends.
fn open() -> Body {
    let first = Ok(Frame::data(Bytes::from_static(b"open")));
    let frames = iter([first]).chain(pending());
    StreamBody::new(frames).boxed()
}
