//! Compares stacks of layers on an axum router: our six, the same six of peers, and nine of peers.
//!
//! Each stack is added in three ways: around the router, by one `Router::layer` call, and by one call per layer.

mod ours;
mod peers;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{Router, extract::ConnectInfo, routing::get};
use battlement_benches::{Case, request_with};
use battlement_core::PeerAddr;
use bytes::Bytes;
use http::{HeaderName, Request};
use http_body_util::Full;
use tower::Service;

use crate::{lazy::Lazy, metrics::install_recorder};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROXY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 4711);

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(request, "ours: six, around the router", ours::around).at_most(12_200, 6),
        case(request, "ours: six, one Router::layer", ours::at_once).at_most(13_500, 11),
        case(request, "ours: six, six Router::layer", ours::one_by_one),
        case(recorded, "peers: six, around the router", peers::six::around),
        case(recorded, "peers: six, one Router::layer", peers::six::at_once),
        case(recorded, "peers: six, six Router::layer", peers::six::one_by_one),
        case(recorded, "peers: nine, around the router", peers::nine::around),
        case(recorded, "peers: nine, one Router::layer", peers::nine::at_once),
        case(recorded, "peers: nine, nine Router::layer", peers::nine::one_by_one),
    ]
}

fn case<S, B>(request: fn() -> Request<Full<Bytes>>, name: &'static str, stack: fn() -> S) -> Case
where
    S: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone + 'static,
    B: http_body::Body,
{
    Case::new(name, request, router(), Lazy::new(stack))
}

fn router() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// Creates a request from a client behind a proxy, with the peer address in the extensions that each side reads.
fn request() -> Request<Full<Bytes>> {
    let mut request = request_with(&[(FORWARDED_FOR, "203.0.113.195")]);
    request.extensions_mut().insert(PeerAddr(PROXY));
    request.extensions_mut().insert(ConnectInfo(PROXY));
    request
}

/// Creates the same request, and installs the recorder that axum-prometheus needs.
fn recorded() -> Request<Full<Bytes>> {
    install_recorder();
    request()
}
