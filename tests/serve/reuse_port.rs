//! Two servers on one address.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use battlement::{
    serve::{Listener, Server},
    shutdown::{Report, Shutdown, ShutdownHandle},
};
use battlement_testkit::load::{Caller, Load};
use tokio::{task::JoinHandle, time::timeout};

use crate::running::PATIENCE;

/// Starts a server on an address that others share.
async fn start(addr: SocketAddr) -> (SocketAddr, ShutdownHandle, JoinHandle<Report>) {
    let ms = Duration::from_millis;
    let shutdown = Shutdown::without_signals().delay(ms(200)).linger(ms(300));
    let listener = Listener::reuse_port(addr, 1).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let app = Router::new().route("/", get(async || "hello")).layer(shutdown.layer());
    let (server, handle) = (Server::new(listener).phases(shutdown.phases()), shutdown.handle());
    (addr, handle, tokio::spawn(async move { shutdown.run(server.serve(app)).await }))
}

// Connections in their handshake may be reset by the system, unless `tcp_migrate_req` is set: the job `restarts` counts
// them in a network namespace.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_replaces_another_one_on_its_address_gets_its_connections() {
    let (addr, mut shutdown, mut old) = start(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let keep_alive = Caller::KeepAlive { think: Duration::from_millis(20) };
    let loads = [
        Load::new(keep_alive).callers(8).start(addr),
        Load::new(Caller::Http2 { streams: 4 }).callers(2).start(addr),
    ];
    for round in 1..=3_u64 {
        for load in &loads {
            assert!(load.answered(round * 200, PATIENCE).await, "{:?}", load.tally());
        }
        let (_, next_shutdown, next) = start(addr).await;
        shutdown.trigger("replaced");
        let report = timeout(PATIENCE, old).await.expect("the server hangs").unwrap();
        assert!(report.is_clean(), "{report:?}");
        (shutdown, old) = (next_shutdown, next);
    }
    for load in loads {
        let tally = load.stop().await;
        assert_eq!((tally.lost_reused, tally.cut_off, tally.rejected), (0, 0, 0), "{tally:?}");
    }
    shutdown.trigger("done");
    assert!(timeout(PATIENCE, old).await.expect("the server hangs").unwrap().is_clean());
}
