//! Callers that never retry lose no request when their connections reach an age or a number of requests.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement::serve::{Closed, Limits, Listener, Observe, Server};
use battlement_testkit::load::{Caller, Load};
use http::Response;
use http_body_util::Full;
use tower::service_fn;

use super::DEADLINE;

/// The number of requests that callers send to a server.
const REQUESTS: u64 = 2_000;
const KEEP_ALIVE: Caller = Caller::KeepAlive { think: Duration::ZERO };
const STREAMS: Caller = Caller::Http2 { streams: 8 };

/// The numbers that a server has counted.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// The requests whose handler was called.
    called: Arc<AtomicU64>,
    /// The connections that have ended.
    ended: Arc<AtomicU64>,
}

impl Observe for Seen {
    fn on_closed(&self, _: &Closed<'_>) {
        self.ended.fetch_add(1, Relaxed);
    }
}

async fn start(limits: Limits) -> (SocketAddr, Seen) {
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let (addr, seen) = (listener.local_addr().unwrap(), Seen::default());
    let called = Arc::clone(&seen.called);
    let app = service_fn(move |_| {
        called.fetch_add(1, Relaxed);
        async {
            // Requests are in flight at the limit of their connection.
            tokio::time::sleep(Duration::from_millis(2)).await;
            Ok::<_, Infallible>(Response::new(Full::new(bytes::Bytes::from_static(b"hello"))))
        }
    });
    tokio::spawn(Server::new(listener).limits(limits).observe(seen.clone()).serve(app));
    (addr, seen)
}

/// Sends requests until many connections have reached the limit, and asserts that none was lost.
///
/// Over HTTP/2, a request that begins while the GOAWAY arrives is not processed. hyper's client returns that it has closed
/// the connection (`ChannelClosed`), that it has cancelled the request before it was sent (`Canceled`), or the GOAWAY itself
/// (`NO_ERROR`, with a last stream below the request). Each is safe to repeat: no handler has seen the request.
async fn assert_lossless(limits: Limits, caller: Caller) {
    let (addr, seen) = start(limits).await;
    let load = Load::new(caller).callers(16).start(addr);
    assert!(load.answered(REQUESTS, DEADLINE).await, "{:?}", load.tally());
    let ends = seen.ended.load(Relaxed);
    assert!(ends >= 32, "only {ends} connections have reached the limit");
    let tally = load.stop().await;
    assert_eq!((tally.lost(), tally.server_errors), (0, 0), "{caller:?}: {tally:?}");
    assert_eq!(seen.called.load(Relaxed), tally.answered, "{caller:?}: {tally:?}");
    assert!(caller == STREAMS || tally.not_processed == 0, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_requests_loses_none() {
    for caller in [KEEP_ALIVE, STREAMS] {
        assert_lossless(Limits::new().requests(20), caller).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_age_of_connections_loses_no_request() {
    for caller in [KEEP_ALIVE, STREAMS] {
        let limits = Limits::new().age(Duration::from_millis(30));
        assert_lossless(limits, caller).await;
    }
}

// The control: a limit that closes without an announcement, and so shows that the callers count what is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_time_as_short_as_the_pauses_of_the_callers_loses_requests() {
    let (addr, _) = start(Limits::new().idle(Duration::from_millis(3))).await;
    let caller = Caller::KeepAlive { think: Duration::from_millis(7) };
    let load = Load::new(caller).callers(32).start(addr);
    let lost = battlement_testkit::eventually(DEADLINE, || {
        let tally = load.tally();
        tally.lost() + tally.not_processed > 0
    });
    assert!(lost.await, "{:?}", load.tally());
}
