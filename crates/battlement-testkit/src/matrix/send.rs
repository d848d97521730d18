use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use tokio::time::{Duration, Instant, sleep_until};
use tower::BoxError;

use super::{End, SLOW, Way};
use crate::{
    client::{Collected, Http1, Http2, Raw},
    eventually,
    server::Protocol,
};

/// The maximum wait for a request to reach the service.
const DEADLINE: Duration = Duration::from_secs(10);

impl Way {
    /// Sends the request to a server with [`Responses`](super::Responses) behind any layer, and ends it.
    ///
    /// `has_arrived` returns whether the service was called; a client that disconnects before the head waits for it.
    ///
    /// # Errors
    ///
    /// Returns an error if the client receives a different response than the fields specify.
    pub async fn send(
        &self,
        addr: SocketAddr,
        protocol: Protocol,
        has_arrived: impl FnMut() -> bool,
    ) -> Result<(), BoxError> {
        match (self.end, protocol) {
            (End::Upgraded, _) => upgrade(addr, self.path).await,
            (End::Cancelled, Protocol::Http2) => self.reset(addr, has_arrived).await,
            (End::Cancelled, _) => self.disconnect(addr, has_arrived).await,
            (_, Protocol::Http2) => {
                let mut client = Http2::connect(addr).await?;
                let response = client.send(self.request()?).await;
                self.check(Self::read(response).await, Protocol::Http2)
            }
            (_, protocol) => {
                let mut client = Http1::connect(addr).await?;
                let response = client.send(self.request()?).await;
                self.check(Self::read(response).await, protocol)
            }
        }
    }

    fn request(&self) -> http::Result<Request<Empty<Bytes>>> {
        let request = Request::builder().method(self.method.clone()).uri(self.path);
        request.header(header::TE, "trailers").body(Empty::new())
    }

    async fn read(response: Result<Response<Incoming>, BoxError>) -> Result<Collected, BoxError> {
        Ok(Collected::of(response?).await?)
    }

    fn check(
        &self,
        received: Result<Collected, BoxError>,
        protocol: Protocol,
    ) -> Result<(), BoxError> {
        let is_complete = matches!(self.end, End::Complete);
        match received {
            Ok(received) if !is_complete => {
                Err(format!("the client received {received:?} instead of an error").into())
            }
            Ok(received) if Some(received.status.as_u16()) != self.status => {
                Err(format!("the client received the status {}", received.status).into())
            }
            // Over HTTP/2, hyper sends parts of the body even in a response to HEAD, a 204 and a 304, which have no
            // body.
            _ if self.has_no_body() && protocol == Protocol::Http2 => Ok(()),
            Ok(received) if u32::try_from(received.body.len()) != Ok(self.bytes) => {
                Err(format!("the client received {} bytes", received.body.len()).into())
            }
            Err(error) if is_complete => Err(error),
            _ => Ok(()),
        }
    }

    fn has_no_body(&self) -> bool {
        self.method == Method::HEAD || matches!(self.status, Some(204 | 304))
    }

    /// Disconnects before the head or within the body.
    async fn disconnect(
        &self,
        addr: SocketAddr,
        has_arrived: impl FnMut() -> bool,
    ) -> Result<(), BoxError> {
        let mut client = Raw::connect(addr).await?;
        client.write(format!("GET {} HTTP/1.1\r\nhost: test\r\n\r\n", self.path)).await?;
        arrive(has_arrived).await?;
        let until = Instant::now() + SLOW;
        if self.status.is_some() {
            client.read_until(b"four\r\n").await?;
        }
        sleep_until(until).await;
        Ok(())
    }

    /// Resets the stream before the head or within the body. The connection stays open.
    async fn reset(
        &self,
        addr: SocketAddr,
        has_arrived: impl FnMut() -> bool,
    ) -> Result<(), BoxError> {
        let client = Http2::connect(addr).await?;
        let (mut caller, request) = (client.clone(), self.request()?);
        let call = tokio::spawn(async move {
            let mut response = caller.send(request).await?;
            let frame = response.body_mut().frame().await;
            frame.ok_or("the body is empty")??;
            Ok::<_, BoxError>(response)
        });
        arrive(has_arrived).await?;
        let until = Instant::now() + SLOW;
        if self.status.is_none() {
            sleep_until(until).await;
            call.abort();
        } else {
            let response = call.await??;
            sleep_until(until).await;
            drop(response);
        }
        Ok(())
    }
}

async fn upgrade(addr: SocketAddr, path: &str) -> Result<(), BoxError> {
    let mut client = Raw::connect(addr).await?;
    let upgrade = "HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n";
    client.write(format!("GET {path} {upgrade}")).await?;
    let head = client.read_until(b"\r\n\r\n").await?;
    if head.starts_with(b"HTTP/1.1 101 ") {
        Ok(())
    } else {
        Err("the connection was not upgraded".into())
    }
}

async fn arrive(has_arrived: impl FnMut() -> bool) -> Result<(), BoxError> {
    let arrived = eventually(DEADLINE, has_arrived).await;
    if arrived { Ok(()) } else { Err("the request did not reach the service".into()) }
}
