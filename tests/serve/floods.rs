//! Floods of HTTP/2 frames end their connection, and clients that cancel many requests keep theirs.

mod honest;
mod kinds;
mod peer;

use std::{
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::StatusCode,
    routing::{any, get},
};
use battlement::serve::{Closed, End, Flood, Limits, Observe, Server};
use battlement_testkit::eventually;
use tokio::net::TcpListener;

use self::peer::Peer;
use super::DEADLINE;

/// A server, and what its observer has seen. The server ends with the runtime of its test.
struct Service {
    addr: SocketAddr,
    seen: Arc<Seen>,
    /// A strong reference for each request to `/hang` in flight, and this one.
    hanging: Arc<()>,
}

#[derive(Debug, Default)]
struct Seen {
    floods: Mutex<Vec<Flood>>,
    ends: Mutex<Vec<End>>,
}

impl Observe for Seen {
    fn on_flood(&self, _listener: &str, kind: Flood) {
        self.floods.lock().unwrap().push(kind);
    }

    fn on_closed(&self, connection: &Closed<'_>) {
        self.ends.lock().unwrap().push(connection.end);
    }
}

impl Service {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (seen, hanging) = (Arc::new(Seen::default()), Arc::new(()));
        let in_flight = Arc::clone(&hanging);
        let hang = move || {
            let in_flight = Arc::clone(&in_flight);
            async move {
                pending::<()>().await;
                drop(in_flight);
            }
        };
        let app = Router::new()
            .route("/", get(async || "answer"))
            .route("/hang", get(hang))
            // The answer does not wait for the body of the request.
            .route("/early", any(async || StatusCode::TOO_MANY_REQUESTS));
        let server = Server::new(listener).limits(Limits::new()).observe(Arc::clone(&seen));
        tokio::spawn(server.serve(app).into_future());
        Self { addr, seen, hanging }
    }

    async fn connect(&self) -> Peer {
        Peer::connect(self.addr).await
    }

    /// Returns the number of requests to `/hang` in flight.
    fn in_flight(&self) -> usize {
        // The handler and this value hold one each.
        Arc::strong_count(&self.hanging) - 2
    }

    async fn has_in_flight(&self, count: usize) -> bool {
        eventually(DEADLINE, || self.in_flight() == count).await
    }

    fn floods(&self) -> Vec<Flood> {
        self.seen.floods.lock().unwrap().clone()
    }
}
