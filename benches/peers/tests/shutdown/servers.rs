//! The peers as servers that a test can stop.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, routing::get};
use battlement_shutdown::{Phase, Report, Shutdown};
use bytes::Bytes;
use futures_util::stream;
use http::{Response, StatusCode, header};
use http_body::Frame;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Status, server::NamedService};
use tower::Service;

use crate::HANGS;

/// Resolves when the server has to stop.
pub(crate) type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A running server.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    /// Sends an event to the readers of the event stream.
    pub(crate) events: watch::Sender<()>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start<F>(serve: impl FnOnce(TcpListener, Router, Stop) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (events, reader) = watch::channel(());
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async { stopped.await.unwrap() });
        let ended = tokio::spawn(serve(listener, app(reader), stopped));
        Self { addr, events, stop, ended }
    }

    /// Tells the server to stop, and returns whether it hangs.
    pub(crate) async fn stop(self) -> bool {
        self.stop.send(()).unwrap();
        timeout(HANGS, self.ended).await.map(Result::unwrap).is_err()
    }
}

fn app(events: watch::Receiver<()>) -> Router {
    let events = async move || {
        let next = async |mut events: watch::Receiver<()>| {
            let event = events.changed().await.map(|()| Ok::<_, Infallible>("data: 1\n\n"));
            Some((event.ok()?, events))
        };
        let events = Body::from_stream(stream::unfold(events, next));
        ([(header::CONTENT_TYPE, "text/event-stream")], events)
    };
    Router::new()
        .route("/", get(async || "hello"))
        .route("/upload", axum::routing::post(async |body: Bytes| body))
        .route("/events", get(events))
        .route("/upgrade", get(upgrade))
}

/// Switches to a protocol that returns each byte.
async fn upgrade(request: Request) -> Response<Body> {
    tokio::spawn(async {
        let mut upgraded = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
        while let Ok(byte) = upgraded.read_u8().await {
            upgraded.write_u8(byte).await.unwrap();
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "echo")
        .body(Body::empty())
        .unwrap()
}

pub(crate) async fn of_axum(listener: TcpListener, app: Router, stop: Stop) {
    axum::serve(listener, app).with_graceful_shutdown(stop).await.unwrap();
}

/// Serves with axum-server, which gets this limit.
pub(crate) async fn of_axum_server(
    listener: TcpListener,
    app: Router,
    stop: Stop,
    limit: Option<Duration>,
) {
    let handle = axum_server::Handle::<SocketAddr>::new();
    let server = axum_server::Server::from_listener(listener).handle(handle.clone());
    tokio::spawn(async move {
        stop.await;
        handle.graceful_shutdown(limit);
    });
    server.serve(app.into_make_service()).await.unwrap();
}

/// Serves with axum as a task of tokio-graceful, and returns whether the task ended within the limit.
pub(crate) async fn of_tokio_graceful(
    listener: TcpListener,
    app: Router,
    stop: Stop,
    limit: Duration,
) -> bool {
    let shutdown = tokio_graceful::Shutdown::new(stop);
    shutdown.spawn_task_fn(move |guard| {
        let stop = Box::pin(guard.clone_weak().into_cancelled());
        async move {
            let _guard = guard;
            of_axum(listener, app, stop).await;
        }
    });
    shutdown.shutdown_with_limit(limit).await.is_ok()
}

/// Serves with axum as a subsystem of tokio-graceful-shutdown, and returns whether it ended within the limit.
pub(crate) async fn of_tokio_graceful_shutdown(
    listener: TcpListener,
    app: Router,
    stop: Stop,
    limit: Duration,
) -> bool {
    let start = async |root: &mut SubsystemHandle| {
        let server = async |subsystem: &mut SubsystemHandle| {
            let token = subsystem.create_cancellation_token();
            let stop = Box::pin(async move { token.cancelled().await });
            of_axum(listener, app, stop).await;
            Ok::<_, Infallible>(())
        };
        root.start(SubsystemBuilder::new("server", server));
        stop.await;
        root.request_shutdown();
    };
    Toplevel::<tower::BoxError>::new(start).handle_shutdown_requests(limit).await.is_ok()
}

/// Serves with axum inside of our layer, and returns the report.
pub(crate) async fn of_ours(
    listener: TcpListener,
    app: Router,
    stop: Stop,
    shutdown: Shutdown,
) -> Report {
    let handle = shutdown.handle();
    tokio::spawn(async move {
        stop.await;
        handle.trigger("the test");
    });
    let stop = shutdown.phases().reached(Phase::Stopping);
    let app = app.layer(shutdown.layer());
    shutdown.run(axum::serve(listener, app).with_graceful_shutdown(stop)).await
}

pub(crate) async fn of_tonic(listener: TcpListener, _: Router, stop: Stop) {
    let incoming = TcpListenerStream::new(listener);
    let server = tonic::transport::Server::builder().add_service(Stream);
    server.serve_with_incoming_shutdown(incoming, stop).await.unwrap();
}

/// A service of tonic that answers with a stream which never ends.
#[derive(Clone, Copy)]
struct Stream;

impl NamedService for Stream {
    const NAME: &'static str = "battlement.testkit.Echo";
}

impl<B> Service<http::Request<B>> for Stream {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<B>) -> Self::Future {
        let response = Response::builder().header(header::CONTENT_TYPE, "application/grpc");
        ready(Ok(response.body(tonic::body::Body::new(Silent)).unwrap()))
    }
}

/// A body that never ends and has no frame.
struct Silent;

impl http_body::Body for Silent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Pending
    }
}
