use std::{convert::Infallible, future::pending, mem};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
    routing::{any, get, post},
};
use battlement_shutdown::{EndStream, ShutdownHandle};
use futures_util::{StreamExt as _, stream};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::hooks::block;

/// Returns routes that end, or do not end, in every way.
pub(crate) fn app(handle: &ShutdownHandle) -> Router {
    Router::new()
        .route("/hello", any(|| async { "hello" }))
        .route("/hang", get(hang))
        .route("/read", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/events", get(|| async { endless("text/event-stream", "data: 1\n\n") }))
        .route("/stream.Service/Watch", post(|| async { endless("application/grpc", MESSAGE) }))
        .route(
            "/ended-events",
            get(|| async { ended(endless("text/event-stream", "data: 1\n\n")) }),
        )
        .route(
            "/stream.Service/Ended",
            post(|| async { ended(endless("application/grpc", MESSAGE)) }),
        )
        .route("/socket", get(socket))
        .route("/leak", get(leak))
        .route("/block", get(|| async { block() }))
        .route("/blocking-task", get(blocking_task))
        .route("/trigger", get(trigger))
        .route("/panic", get(panic))
        .with_state(handle.clone())
}

/// A gRPC message of two bytes.
const MESSAGE: &str = "\0\0\0\0\x02hi";

async fn hang() {
    println!("hangs");
    pending::<()>().await;
}

fn endless(content_type: &'static str, first: &'static str) -> Response<Body> {
    let first = stream::once(async move { Ok::<_, Infallible>(Bytes::from(first)) });
    let mut response = Response::new(Body::from_stream(first.chain(stream::pending())));
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Opts in to the end of a stream when the drain begins.
fn ended(mut response: Response<Body>) -> Response<Body> {
    response.extensions_mut().insert(EndStream);
    response
}

/// Echoes the bytes of an upgraded connection.
async fn socket(State(handle): State<ShutdownHandle>, mut request: Request) -> impl IntoResponse {
    let upgraded = hyper::upgrade::on(&mut request);
    let guard = handle.upgrade();
    tokio::spawn(async move {
        let _guard = guard;
        let Ok(upgraded) = upgraded.await else { return };
        let mut socket = TokioIo::new(upgraded);
        let mut bytes = [0; 64];
        while let Ok(read @ 1..) = socket.read(&mut bytes).await {
            if socket.write_all(&bytes[..read]).await.is_err() {
                return;
            }
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::UPGRADE, "echo"), (header::CONNECTION, "upgrade")])
}

async fn leak(State(handle): State<ShutdownHandle>) {
    mem::forget(handle.guard("leaked"));
}

async fn blocking_task() {
    drop(tokio::task::spawn_blocking(block));
}

async fn trigger(State(handle): State<ShutdownHandle>) {
    handle.trigger("the route");
}

async fn panic() {
    panic!("a handler");
}
