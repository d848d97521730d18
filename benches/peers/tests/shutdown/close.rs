use battlement_testkit::client::Http1;
use tokio::sync::oneshot;

use crate::{
    HOUR,
    held::Held,
    ours,
    servers::{Running, of_axum, of_axum_server, of_ours, of_tokio_graceful},
};

#[tokio::test]
async fn tokio_graceful_does_not_announce_the_end_of_a_connection_during_its_delay() {
    let (begins, begun) = oneshot::channel();
    let server = Running::start(|listener, app, stop| async {
        let shutdown = tokio_graceful::Shutdown::builder().with_signal(stop).with_delay(HOUR);
        let guard = shutdown.build().guard();
        let stop = Box::pin(guard.clone_weak().into_cancelled());
        let delayed = async {
            guard.shutdown_signal_triggered().await;
            begins.send(()).unwrap();
        };
        futures_util::future::join(of_axum(listener, app, stop), delayed).await;
    })
    .await;
    let mut client = Http1::connect(server.addr).await.unwrap();
    client.get("/").await.unwrap();
    assert!(server.stop().await);
    begun.await.unwrap();
    let response = client.get("/").await.unwrap();
    assert_eq!((response.status.as_u16(), response.header("connection")), (200, None));
}

/// Returns whether a client loses the request that it sends on an idle connection after the server was told to stop.
async fn loses_the_next_request(server: Running) -> bool {
    let mut client = Http1::connect(server.addr).await.unwrap();
    let response = client.get("/").await.unwrap();
    assert_eq!(response.header("connection"), None);
    assert!(!server.stop().await);
    client.get("/").await.is_err()
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_notice() {
    assert!(loses_the_next_request(Running::start(of_axum).await).await);
    let of_axum_server = |listener, app, stop| of_axum_server(listener, app, stop, Some(HOUR));
    assert!(loses_the_next_request(Running::start(of_axum_server).await).await);
    let of_tokio_graceful = |listener, app, stop| async {
        assert!(of_tokio_graceful(listener, app, stop, HOUR).await);
    };
    assert!(loses_the_next_request(Running::start(of_tokio_graceful).await).await);
}

#[tokio::test]
async fn a_connection_whose_first_request_is_on_its_way_is_closed() {
    let server = Running::start(of_axum).await;
    let mut raw = Held::NoByte.open(server.addr).await;
    assert!(!server.stop().await);
    let _ = raw.write("GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n").await;
    // A reset is possible too.
    assert!(raw.read_to_end().await.unwrap_or_default().is_empty());
}

#[tokio::test]
async fn ours_announces_the_end_of_a_connection_during_its_delay() {
    let server = Running::start(async |listener, app, stop| {
        let _ = of_ours(listener, app, stop, ours(HOUR).delay(HOUR)).await;
    })
    .await;
    let mut client = Http1::connect(server.addr).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().header("connection"), None);
    assert!(server.stop().await);
    let response = client.get("/").await.unwrap();
    assert_eq!((response.status.as_u16(), response.header("connection")), (200, Some("close")));
}
