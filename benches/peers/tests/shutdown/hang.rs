use axum::Router;
use tokio::net::TcpListener;

use crate::{
    HANGS,
    held::{
        Held::{self, Events, HalfBody, HalfHead, Idle, NoByte, Preface, Upgraded},
        grpc_stream,
    },
    servers::{Running, Stop, of_axum, of_axum_server, of_tonic},
};

/// Returns whether a server hangs while a connection is in this state.
async fn hangs<F>(held: Held, serve: impl FnOnce(TcpListener, Router, Stop) -> F) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = Running::start(serve).await;
    let _open = held.open(server.addr).await;
    server.stop().await
}

/// The states of a connection in which nothing is left to do.
const DONE: [Held; 3] = [NoByte, Idle, Upgraded];
const UNFINISHED: [Held; 4] = [HalfHead, HalfBody, Preface, Events];

#[tokio::test]
async fn axum_and_axum_server_wait_for_what_a_client_never_finishes() {
    let of_axum_server = |listener, app, stop| of_axum_server(listener, app, stop, None);
    for held in UNFINISHED {
        assert!(hangs(held, of_axum).await, "{held:?}");
        assert!(hangs(held, of_axum_server).await, "{held:?}");
    }
    for held in DONE {
        assert!(!hangs(held, of_axum).await, "{held:?}");
        assert!(!hangs(held, of_axum_server).await, "{held:?}");
    }
}

#[tokio::test]
async fn axum_server_ends_at_its_deadline() {
    for held in UNFINISHED {
        let serve = |listener, app, stop| of_axum_server(listener, app, stop, Some(HANGS / 10));
        assert!(!hangs(held, serve).await, "{held:?}");
    }
}

#[tokio::test]
async fn tonic_waits_for_connections_that_send_nothing_and_for_open_streams() {
    assert!(hangs(NoByte, of_tonic).await);
    assert!(hangs(Preface, of_tonic).await);
    let server = Running::start(of_tonic).await;
    let _open = grpc_stream(server.addr).await;
    assert!(server.stop().await);

    let server = Running::start(of_tonic).await;
    assert!(!server.stop().await);
}
