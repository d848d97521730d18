//! The events of a connection, as an observer and a handle see them.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use battlement_serve::{Closed, Limits, Listener, Observe, Protocol, Server, ServerHandle};
use battlement_testkit::{
    client::{Http1, Http2},
    eventually,
};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpStream;
use tower::service_fn;

use crate::DEADLINE;

/// The events in the order in which they occurred.
#[derive(Default)]
struct Events(Mutex<Vec<String>>);

impl Events {
    fn push(&self, event: String) {
        self.0.lock().unwrap().push(event);
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Observe for Events {
    fn on_start(&self, server: &ServerHandle) {
        self.push(format!("start {}", server.connections().len()));
    }

    fn on_accepted(&self, listener: &str) {
        self.push(format!("accepted {listener}"));
    }

    fn on_opened(&self, listener: &str, protocol: Protocol) {
        self.push(format!("opened {listener} {}", protocol.as_str()));
    }

    fn on_closed(&self, closed: &Closed<'_>) {
        let Closed { listener, protocol, requests, end, .. } = closed;
        self.push(format!("closed {listener} {protocol:?} {requests} {end:?}"));
    }
}

fn open(handle: &ServerHandle, protocol: Option<Protocol>) -> u64 {
    let all = handle.connections().into_iter();
    all.filter(|open| open.protocol == protocol).map(|open| open.count).sum()
}

#[tokio::test]
async fn a_connection_is_observed_and_counted_from_accept_to_its_end() {
    let (events, listener) =
        (Arc::<Events>::default(), Listener::tcp("127.0.0.1:0").await.unwrap().name("shop"));
    let addr = listener.local_addr().unwrap();
    let server = Server::new(listener).limits(Limits::new()).observe(Arc::clone(&events));
    let handle = server.handle();
    let hello = async |_: Request<Incoming>| Ok::<_, Infallible>(Response::new(String::new()));
    tokio::spawn(server.serve(service_fn(hello)));

    let silent = TcpStream::connect(addr).await.unwrap();
    assert!(eventually(DEADLINE, || open(&handle, None) == 1).await);
    drop(silent);
    assert!(eventually(DEADLINE, || handle.open() == 0).await);

    let mut http1 = Http1::connect(addr).await.unwrap();
    http1.get("/").await.unwrap();
    http1.get("/").await.unwrap();
    assert_eq!((open(&handle, Some(Protocol::Http1)), handle.open()), (1, 1));
    drop(http1);
    assert!(eventually(DEADLINE, || handle.open() == 0).await);

    let mut http2 = Http2::connect(addr).await.unwrap();
    http2.get("/").await.unwrap();
    assert_eq!((open(&handle, Some(Protocol::Http2)), handle.open()), (1, 1));
    drop(http2);
    assert!(eventually(DEADLINE, || handle.open() == 0).await);

    assert_eq!(
        events.all(),
        [
            "start 3",
            "accepted shop",
            "closed shop None 0 Complete",
            "accepted shop",
            "opened shop http1",
            "closed shop Some(Http1) 2 Complete",
            "accepted shop",
            "opened shop http2",
            "closed shop Some(Http2) 1 Complete",
        ]
    );
}
