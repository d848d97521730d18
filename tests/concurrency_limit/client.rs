//! A client of one connection, of either protocol.

use std::net::SocketAddr;

use battlement_testkit::client::{Http1, Http2};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use tower::BoxError;

use crate::service::Under::{self, Axum, Hyper, Tonic};

/// The protocol of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Http1,
    Http2,
}

/// Each server, and each protocol that it speaks.
pub(crate) const ALL: [(Under, Over); 5] = [
    (Hyper, Over::Http1),
    (Hyper, Over::Http2),
    (Axum, Over::Http1),
    (Axum, Over::Http2),
    (Tonic, Over::Http2),
];

pub(crate) enum Client {
    Http1(Http1),
    Http2(Http2),
}

impl Client {
    pub(crate) async fn connect(over: Over, addr: SocketAddr) -> Self {
        match over {
            Over::Http1 => Self::Http1(Http1::connect(addr).await.unwrap()),
            Over::Http2 => Self::Http2(Http2::connect(addr).await.unwrap()),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Response<Incoming>, BoxError> {
        let request = Request::get(path).body(Empty::<Bytes>::new()).unwrap();
        match self {
            Self::Http1(client) => client.send(request).await,
            Self::Http2(client) => client.send(request).await,
        }
    }
}
