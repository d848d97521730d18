use std::time::Duration;

use axum::Router;
use battlement_testkit::client::Raw;
use tokio::{net::TcpListener, sync::oneshot, time::timeout};

use crate::{
    HANGS,
    held::Held,
    ours,
    servers::{
        Running, Stop, of_axum, of_axum_server, of_ours, of_tokio_graceful,
        of_tokio_graceful_shutdown,
    },
};

const LIMIT: Duration = Duration::from_millis(50);

/// Returns whether a reader of an event stream still gets events after the server has ended.
async fn events_go_on<F>(serve: impl FnOnce(TcpListener, Router, Stop) -> F) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = Running::start(serve).await;
    let mut reader: Raw = Held::Events.open(server.addr).await;
    let events = server.events.clone();
    assert!(!server.stop().await);
    // The connection of a server that has closed it has no receiver.
    events.send(()).is_ok()
        && timeout(HANGS, reader.read_until(b"data: 1\n\n")).await.is_ok_and(|read| read.is_ok())
}

#[tokio::test]
async fn connections_outlive_the_deadline_of_most_peers() {
    let of_axum = |listener, app, stop: Stop| async {
        let stopped = async {
            stop.await;
            tokio::time::sleep(LIMIT).await;
        };
        tokio::select! {
            () = of_axum(listener, app, Box::pin(std::future::pending())) => {}
            () = stopped => {}
        }
    };
    assert!(events_go_on(of_axum).await);
    let of_tokio_graceful = |listener, app, stop| async {
        assert!(!of_tokio_graceful(listener, app, stop, LIMIT).await);
    };
    assert!(events_go_on(of_tokio_graceful).await);
    let of_tokio_graceful_shutdown = |listener, app, stop| async {
        assert!(!of_tokio_graceful_shutdown(listener, app, stop, LIMIT).await);
    };
    assert!(events_go_on(of_tokio_graceful_shutdown).await);
    let of_axum_server = |listener, app, stop| of_axum_server(listener, app, stop, Some(LIMIT));
    assert!(!events_go_on(of_axum_server).await);
    let of_ours = async |listener, app, stop| {
        let _ = of_ours(listener, app, stop, ours(LIMIT)).await;
    };
    assert!(!events_go_on(of_ours).await);
}

/// Returns whether an upgraded connection answers after the server has ended.
async fn upgrade_goes_on<F>(serve: impl FnOnce(TcpListener, Router, Stop) -> F) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    let server = Running::start(serve).await;
    let mut upgraded = Held::Upgraded.open(server.addr).await;
    assert!(!server.stop().await);
    upgraded.write("x").await.is_ok() && upgraded.read_until(b"x").await.is_ok()
}

#[tokio::test]
async fn an_upgraded_connection_is_neither_waited_for_nor_closed() {
    assert!(upgrade_goes_on(of_axum).await);
    let of_axum_server = |listener, app, stop| of_axum_server(listener, app, stop, Some(LIMIT));
    assert!(upgrade_goes_on(of_axum_server).await);
}

#[tokio::test]
async fn ours_waits_for_an_upgraded_connection_that_holds_a_guard_and_names_it() {
    let shutdown = ours(LIMIT);
    let guard = shutdown.handle().guard("websocket");
    let (report, reported) = oneshot::channel();
    let server = Running::start(async |listener, app, stop| {
        report.send(of_ours(listener, app, stop, shutdown).await).unwrap();
    })
    .await;
    assert!(!server.stop().await);
    let report = reported.await.unwrap();
    assert_eq!((report.leaked()[0].name, report.code()), ("websocket", 1));
    drop(guard);
}
