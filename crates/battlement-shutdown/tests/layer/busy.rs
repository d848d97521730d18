//! Busy connections over real sockets.

use std::time::Duration;

use battlement_shutdown::{Phase, Shutdown};
use battlement_testkit::{client::Http1, eventually, matrix::Responses, server::Server};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tower::Layer;

use crate::service::running;

const CONNECTIONS: usize = 100;
/// Longer than a busy machine may stop the test.
const DELAY: Duration = Duration::from_secs(3);
const THINK_TIME: Duration = Duration::from_millis(10);

/// Sends requests until the server announces the end of the connection, and returns that time.
async fn closed(mut client: Http1) -> Instant {
    loop {
        let response = client.get("/full").await.unwrap();
        assert_eq!(response.status, 200);
        if response.header("connection") == Some("close") {
            let closed = Instant::now();
            assert!(eventually(DELAY, || client.is_closed()).await, "the connection stays open");
            return closed;
        }
        sleep(THINK_TIME).await;
    }
}

#[tokio::test]
async fn gradual_closes_at_most_half_of_100_busy_connections_in_any_fifth_of_the_delay() {
    let shutdown = Shutdown::without_signals().delay(DELAY);
    let service = shutdown.layer().gradual().layer(Responses::new());
    let server = Server::http1(service).await.unwrap();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(closed(Http1::connect(server.addr()).await.unwrap()));
    }
    let run = running(shutdown, Phase::Unready).await;
    let start = Instant::now();
    let mut fifths = [0; 5];
    for closed in connections.join_all().await {
        let fifth = (closed - start).div_duration_f64(DELAY / 5) as usize;
        fifths[fifth.min(4)] += 1;
    }
    assert_eq!(fifths.iter().sum::<usize>(), CONNECTIONS);
    assert!(fifths.iter().all(|closes| *closes <= CONNECTIONS / 2), "{fifths:?}");
    run.abort();
}
