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

use crate::{Reading, answers::SLOW};

/// One way a request can end.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    method: Method,
    path: &'static str,
    end: End,
    /// Of the answer's body.
    bytes: f64,
    pub(crate) over_http2: bool,
}

/// Who ends it, and when.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The answer comes whole, or breaks on the server's side.
    Server,
    /// The client goes, before there is a head.
    BeforeHead,
    /// The client goes, after the first of the body.
    InBody,
    Upgrade,
}

const fn way(name: &'static str, method: Method, path: &'static str, end: End, bytes: f64) -> Way {
    Way { name, method, path, end, bytes, over_http2: !matches!(end, End::Upgrade) }
}

pub(crate) const WAYS: [Way; 18] = [
    way("a short answer", Method::GET, "/full", End::Server, 4.0),
    way("an empty one", Method::GET, "/empty", End::Server, 0.0),
    way("a stream of 3 frames", Method::GET, "/stream", End::Server, 12.0),
    way("the same with content-length", Method::GET, "/declared", End::Server, 12.0),
    way("a body that takes 60 ms", Method::GET, "/slow", End::Server, 8.0),
    way("trailers", Method::GET, "/trailers", End::Server, 12.0),
    way("204", Method::GET, "/204", End::Server, 0.0),
    way("304", Method::GET, "/304", End::Server, 0.0),
    way("500", Method::GET, "/500", End::Server, 12.0),
    way("HEAD of a stream", Method::HEAD, "/stream", End::Server, 0.0),
    way("HEAD with content-length", Method::HEAD, "/declared", End::Server, 0.0),
    way("an upgrade (101)", Method::GET, "/101", End::Upgrade, 0.0),
    way("the body fails", Method::GET, "/body-error", End::Server, 12.0),
    way("the body panics", Method::GET, "/body-panic", End::Server, 4.0),
    way("the handler panics", Method::GET, "/panic", End::Server, 0.0),
    way(
        "the client goes before the head, after 60 ms",
        Method::GET,
        "/never",
        End::BeforeHead,
        0.0,
    ),
    way("the client goes in the body, after 60 ms", Method::GET, "/stalled", End::InBody, 4.0),
    way("the same of an event stream", Method::GET, "/events", End::InBody, 4.0),
];

impl Way {
    /// Goes it once, as a client.
    pub(crate) async fn go(&self, addr: SocketAddr, protocol: Protocol) -> Result<()> {
        match (self.end, protocol) {
            (End::Server, Protocol::Http1) => {
                let mut client = Http1::connect(addr).await.map_err(|error| anyhow!(error))?;
                collect(client.send(self.request()).await).await;
            }
            (End::Server, _) => {
                let mut client = Http2::connect(addr).await.map_err(|error| anyhow!(error))?;
                collect(client.send(self.request()).await).await;
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

    /// What is wrong with what was counted.
    pub(crate) fn judge(&self, reading: &Reading) -> Vec<String> {
        let mut mistakes = Vec::new();
        match reading.requests {
            1.0 => {}
            0.0 => mistakes.push("**not counted**".to_owned()),
            count => mistakes.push(format!("**counted {count} times**")),
        }
        let took_long = self.path == "/slow" || matches!(self.end, End::BeforeHead | End::InBody);
        if reading.requests > 0.0 && took_long && reading.seconds < SLOW.as_secs_f64() * 0.9 {
            mistakes.push(format!("**{:.0} ms**", reading.seconds * 1_000.0));
        }
        match reading.bytes {
            Some((_, 0.0)) if reading.requests > 0.0 => mistakes.push("no size".to_owned()),
            Some((sum, bodies)) if bodies > 0.0 && (sum, bodies) != (self.bytes, 1.0) => {
                mistakes.push(format!("{sum} B in {bodies} bodies, not {} B", self.bytes));
            }
            _ => {}
        }
        if reading.active != 0.0 {
            mistakes.push(format!("**gauge stays at {}**", reading.active));
        }
        let went = matches!(self.end, End::BeforeHead | End::InBody);
        match reading.left {
            Some(left) if left > 0.0 && !went => mistakes.push("**told as dropped**".to_owned()),
            Some(0.0) if went => mistakes.push("not told as dropped".to_owned()),
            _ => {}
        }
        mistakes
    }
}

/// Reads it to its end, whatever that is.
async fn collect<E>(response: Result<Response<Incoming>, E>) {
    if let Ok(response) = response {
        let _ = Collected::of(response).await;
    }
}
