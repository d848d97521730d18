//! A server of one connection or a few, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod closing;
mod limits;
mod observed;
mod protocols;
mod requests;
mod tunnels;

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use battlement_serve::{Limits, Listener, Server};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::{Service, service_fn};

/// The maximum wait for a condition.
const DEADLINE: Duration = Duration::from_secs(10);

/// Starts a server on a free port, and returns its address.
async fn start<S>(limits: Limits, service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<String>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(Server::new(listener).limits(limits).serve(service));
    addr
}

/// Starts a server that answers `hello`.
async fn hello(limits: Limits) -> SocketAddr {
    start(limits, service_fn(async |_: Request<Incoming>| Ok(Response::new("hello".into())))).await
}
