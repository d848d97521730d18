use axum::Router;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    HANGS,
    held::{
        Held::{self, Events, HalfBody, HalfHead, Idle, NoByte, Preface, Upgraded},
        grpc_stream,
    },
    ours,
    servers::{Running, Stop, of_axum, of_axum_server, of_ours, of_tonic},
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
async fn ours_ends_at_its_deadline_and_says_what_was_left() {
    for held in UNFINISHED {
        let (report, reported) = oneshot::channel();
        let serve = async |listener, app, stop| {
            report.send(of_ours(listener, app, stop, ours(HANGS / 10)).await).unwrap();
        };
        assert!(!hangs(held, serve).await, "{held:?}");
        let report = reported.await.unwrap();
        let cut_off = report.cut_off();
        let left = (cut_off.requests, cut_off.event_streams, cut_off.connections);
        let expected = match held {
            HalfBody => (1, 0, false),
            Events => (0, 1, false),
            _ => (0, 0, true),
        };
        assert_eq!(left, expected, "{held:?} {report}");
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
