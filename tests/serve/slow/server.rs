//! A server on the runtime of the test, so that paused time passes for both.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use battlement::serve::{Server, ServerHandle};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tower::service_fn;

/// A running server, which ends with this value.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: ServerHandle,
    /// Has a receiver for each handler and each body in progress.
    pub(crate) progress: watch::Sender<bool>,
    /// The number of requests whose handler was called.
    pub(crate) called: Arc<AtomicU32>,
    server: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

impl Running {
    /// Serves a short text at once; a body that never ends at `/endless`; at `/waits`, a text once the test tells so; at
    /// `/echo`, the body.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (progress, called) = (watch::Sender::new(false), Arc::new(AtomicU32::new(0)));
        let (told, count) = (progress.clone(), Arc::clone(&called));
        let service = service_fn(move |request: Request<Incoming>| {
            count.fetch_add(1, Relaxed);
            answer(request, told.subscribe())
        });
        let server = Server::new(listener);
        let handle = server.handle();
        let serving = server.serve(service);
        let server = tokio::spawn(async move {
            serving.await.unwrap();
        });
        Self { addr, handle, progress, called, server }
    }
}

async fn answer(
    request: Request<Incoming>,
    mut told: watch::Receiver<bool>,
) -> Result<Answer, Infallible> {
    let body = match request.uri().path() {
        "/endless" => Endless(told).boxed_unsync(),
        "/waits" => {
            told.wait_for(|told| *told).await.unwrap();
            Full::from("told").boxed_unsync()
        }
        "/echo" => match request.into_body().collect().await {
            Ok(body) => Full::from(body.to_bytes()).boxed_unsync(),
            Err(error) => Full::from(error.to_string()).boxed_unsync(),
        },
        _ => Full::from("hello").boxed_unsync(),
    };
    Ok(Response::new(body))
}

/// A body that never ends.
struct Endless(#[expect(dead_code, reason = "held for its drop")] watch::Receiver<bool>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 16 * 1024])))))
    }
}
