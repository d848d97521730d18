//! Connections that are open while a server stops.

use std::net::SocketAddr;

use battlement_testkit::client::{Http2, Raw};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

pub(crate) const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const GET: &str = "GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n";

/// The state of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Held {
    /// Has sent nothing.
    NoByte,
    HalfHead,
    HalfBody,
    /// Has sent the preface of HTTP/2, and no SETTINGS.
    Preface,
    /// Kept alive, after a response.
    Idle,
    /// Reads an event stream.
    Events,
    /// Upgraded to another protocol.
    Upgraded,
}

impl Held {
    /// Opens a connection that the server has in this state.
    pub(crate) async fn open(self, addr: SocketAddr) -> Raw {
        let mut raw = Raw::connect(addr).await.unwrap();
        raw.write(self.sent()).await.unwrap();
        match self {
            Self::Idle => _ = raw.read_until(b"hello").await.unwrap(),
            Self::Events | Self::Upgraded => _ = raw.read_until(b"\r\n\r\n").await.unwrap(),
            _ => {}
        }
        accepted(addr).await;
        raw
    }

    const fn sent(self) -> &'static str {
        match self {
            Self::NoByte => "",
            Self::HalfHead => "GET / HTT",
            Self::HalfBody => {
                "POST /upload HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 10\r\n\r\nhello"
            }
            Self::Preface => PREFACE,
            Self::Idle => GET,
            Self::Events => "GET /events HTTP/1.1\r\nhost: shop.test\r\n\r\n",
            Self::Upgraded => {
                "GET /upgrade HTTP/1.1\r\nhost: shop.test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"
            }
        }
    }
}

/// Waits until a server has accepted all earlier connections and has read what they sent.
async fn accepted(addr: SocketAddr) {
    for _ in 0..3 {
        // Each protocol is answered by each server, by an error at the least.
        let mut raw = Raw::connect(addr).await.unwrap();
        raw.write("GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n").await.unwrap();
        let _ = raw.read_to_end().await;
    }
}

/// Opens a stream of gRPC, whose first message never comes.
pub(crate) async fn grpc_stream(addr: SocketAddr) -> (Http2, Response<Incoming>) {
    let mut client = Http2::connect(addr).await.unwrap();
    let request = Request::post(format!("http://{addr}/battlement.testkit.Echo/Say"))
        .header("content-type", "application/grpc")
        .body(Full::<Bytes>::default());
    let response = client.send(request.unwrap()).await.unwrap();
    (client, response)
}
