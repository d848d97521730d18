//! The peers as servers on the runtime of a test, so that paused time passes for both.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use futures_util::stream;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;

use crate::LIMIT;

/// A server under comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Peer {
    Axum,
    AxumServer,
    /// With the limits that axum-server offers, each of which is off by default.
    AxumServerLimited,
    Tonic,
    /// hyper-util's builder, with a timer and a limit on the time of a head.
    HyperUtil,
    Ours,
}

/// A running server, which ends with this value.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    /// Has a receiver for each handler and each body in progress.
    pub(crate) progress: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Peer {
    /// All but ours.
    pub(crate) const ALL: [Self; 5] =
        [Self::Axum, Self::AxumServer, Self::AxumServerLimited, Self::Tonic, Self::HyperUtil];
    /// The servers that speak HTTP/1 by default.
    pub(crate) const HTTP_1: [Self; 4] =
        [Self::Axum, Self::AxumServer, Self::AxumServerLimited, Self::HyperUtil];

    pub(crate) async fn start(self) -> Running {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let progress = watch::Sender::new(false);
        let app = app(&progress);
        let server = tokio::spawn(async move {
            match self {
                Self::Axum => axum::serve(listener, app).await.unwrap(),
                Self::AxumServer => of_axum_server(listener, app, false).await,
                Self::AxumServerLimited => of_axum_server(listener, app, true).await,
                Self::Tonic => of_tonic(listener, app).await,
                Self::HyperUtil => of_hyper_util(listener, app).await,
                Self::Ours => drop(battlement_serve::serve(listener, app).await.unwrap()),
            }
        });
        Running { addr, progress, server }
    }
}

/// Answers at once, with a body that never ends, or when the test tells it to.
fn app(progress: &watch::Sender<bool>) -> Router {
    let (body, handler) = (progress.clone(), progress.clone());
    let endless = async move || {
        let chunks = stream::repeat_with({
            let held = body.subscribe();
            move || {
                let _ = &held;
                Ok::<_, Infallible>(Bytes::from_static(&[0; 16 * 1024]))
            }
        });
        Body::from_stream(chunks)
    };
    let waits = async move || {
        let mut told = handler.subscribe();
        let _ = told.wait_for(|told| *told).await;
        "told"
    };
    Router::new()
        .route("/", get(async || "hello"))
        .route("/endless", get(endless))
        .route("/waits", get(waits))
}

async fn of_axum_server(listener: TcpListener, app: Router, limited: bool) {
    let mut server = axum_server::Server::<SocketAddr>::from_listener(listener);
    if limited {
        server = server.first_request_timeout(LIMIT);
        server.http_builder().http1().header_read_timeout(LIMIT);
    }
    server.serve(app.into_make_service()).await.unwrap();
}

async fn of_tonic(listener: TcpListener, app: Router) {
    let incoming = TcpListenerStream::new(listener);
    let mut server = tonic::transport::Server::builder();
    server.add_routes(app.into()).serve_with_incoming(incoming).await.unwrap();
}

async fn of_hyper_util(listener: TcpListener, app: Router) {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(LIMIT);
    http.http2().timer(TokioTimer::new());
    while let Ok((stream, _)) = listener.accept().await {
        let (http, service) = (http.clone(), TowerToHyperService::new(app.clone()));
        tokio::spawn(async move {
            let stream = TokioIo::new(stream);
            let _ = http.serve_connection_with_upgrades(stream, service).await;
        });
    }
}
