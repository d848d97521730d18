use std::net::SocketAddr;

use anyhow::{Result, anyhow};
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    server::Protocol,
};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;

use crate::{Totals, answers::SLOW};

/// A way in which a request can end.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    method: Method,
    path: &'static str,
    end: End,
    /// The size of the response body.
    bytes: f64,
    pub(crate) over_http2: bool,
}

/// The side that ends the request, and the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The server sends the whole response, or fails.
    Server,
    /// The client disconnects before the response head.
    BeforeHead,
    /// The client disconnects after the first bytes of the body.
    InBody,
    /// The connection is upgraded.
    Upgrade,
}

const fn scenario(
    name: &'static str,
    method: Method,
    path: &'static str,
    end: End,
    bytes: f64,
) -> Scenario {
    Scenario { name, method, path, end, bytes, over_http2: !matches!(end, End::Upgrade) }
}

pub(crate) const SCENARIOS: [Scenario; 18] = [
    scenario("a short response", Method::GET, "/full", End::Server, 4.0),
    scenario("an empty response", Method::GET, "/empty", End::Server, 0.0),
    scenario("a stream of 3 frames", Method::GET, "/stream", End::Server, 12.0),
    scenario("a stream with content-length", Method::GET, "/declared", End::Server, 12.0),
    scenario("a body that takes 60 ms", Method::GET, "/slow", End::Server, 8.0),
    scenario("trailers", Method::GET, "/trailers", End::Server, 12.0),
    scenario("204", Method::GET, "/204", End::Server, 0.0),
    scenario("304", Method::GET, "/304", End::Server, 0.0),
    scenario("500", Method::GET, "/500", End::Server, 12.0),
    scenario("HEAD of a stream", Method::HEAD, "/stream", End::Server, 0.0),
    scenario("HEAD with content-length", Method::HEAD, "/declared", End::Server, 0.0),
    scenario("an upgrade (101)", Method::GET, "/101", End::Upgrade, 0.0),
    scenario("the body fails", Method::GET, "/body-error", End::Server, 12.0),
    scenario("the body panics", Method::GET, "/body-panic", End::Server, 4.0),
    scenario("the handler panics", Method::GET, "/panic", End::Server, 0.0),
    scenario(
        "the client disconnects before the head, after 60 ms",
        Method::GET,
        "/never",
        End::BeforeHead,
        0.0,
    ),
    scenario(
        "the client disconnects during the body, after 60 ms",
        Method::GET,
        "/stalled",
        End::InBody,
        4.0,
    ),
    scenario(
        "the client disconnects during an event stream",
        Method::GET,
        "/events",
        End::InBody,
        4.0,
    ),
];

impl Scenario {
    /// Sends one request that ends this way.
    pub(crate) async fn run(&self, addr: SocketAddr, protocol: Protocol) -> Result<()> {
        match (self.end, protocol) {
            (End::Server, Protocol::Http1) => {
                let mut client = Http1::connect(addr).await.map_err(|error| anyhow!(error))?;
                read_to_end(client.send(self.request()).await).await;
            }
            (End::Server, _) => {
                let mut client = Http2::connect(addr).await.map_err(|error| anyhow!(error))?;
                read_to_end(client.send(self.request()).await).await;
            }
            (End::Upgrade, _) => {
                let mut client = Raw::connect(addr).await?;
                let head =
                    "GET /101 HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n";
                client.write(head).await?;
                client.read_until(b"\r\n\r\n").await?;
            }
            (_, Protocol::Http1) => {
                let mut client = Raw::connect(addr).await?;
                client.write(format!("GET {} HTTP/1.1\r\nhost: a\r\n\r\n", self.path)).await?;
                if self.end == End::InBody {
                    client.read_until(b"four\r\n").await?;
                }
                tokio::time::sleep(SLOW).await;
            }
            (_, _) => {
                let client = Http2::connect(addr).await.map_err(|error| anyhow!(error))?;
                let (mut other, request) = (client.clone(), self.request());
                let call = tokio::spawn(async move {
                    let mut response = other.send(request).await.ok()?;
                    let _ = response.body_mut().frame().await;
                    tokio::time::sleep(SLOW).await;
                    Some(())
                });
                tokio::time::sleep(SLOW * 2).await;
                call.abort();
                drop(client);
            }
        }
        Ok(())
    }

    fn request(&self) -> Request<Empty<Bytes>> {
        let request = Request::builder().method(self.method.clone()).uri(self.path);
        let request = request.header(header::TE, "trailers").body(Empty::new());
        request.unwrap_or_default()
    }

    /// Returns the differences between `totals` and a correct count of one request.
    pub(crate) fn errors(&self, totals: &Totals) -> Vec<String> {
        let mut errors = Vec::new();
        match totals.requests {
            1.0 => {}
            0.0 => errors.push("**not counted**".to_owned()),
            count => errors.push(format!("**counted {count} times**")),
        }
        let is_slow = self.path == "/slow" || matches!(self.end, End::BeforeHead | End::InBody);
        if totals.requests > 0.0 && is_slow && totals.seconds < SLOW.as_secs_f64() * 0.9 {
            errors.push(format!("**{:.0} ms**", totals.seconds * 1_000.0));
        }
        match totals.bytes {
            Some((_, 0.0)) if totals.requests > 0.0 => errors.push("no size".to_owned()),
            Some((sum, bodies)) if bodies > 0.0 && (sum, bodies) != (self.bytes, 1.0) => {
                errors.push(format!("{sum} B in {bodies} bodies, not {} B", self.bytes));
            }
            _ => {}
        }
        if totals.active != 0.0 {
            errors.push(format!("**gauge stays at {}**", totals.active));
        }
        let is_cancelled = matches!(self.end, End::BeforeHead | End::InBody);
        match totals.cancelled {
            Some(count) if count > 0.0 && !is_cancelled => {
                errors.push("**counted as cancelled**".to_owned());
            }
            Some(0.0) if is_cancelled => errors.push("cancellation not counted".to_owned()),
            _ => {}
        }
        errors
    }
}

/// Reads a response to its end, and ignores errors.
async fn read_to_end<E>(response: Result<Response<Incoming>, E>) {
    if let Ok(response) = response {
        let _ = Collected::of(response).await;
    }
}
