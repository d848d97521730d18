use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::HOST};
use http_body::Body;
use http_body_util::Empty;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::BoxError;

use super::{Collected, RequestBody, boxed};

/// An HTTP/1 connection, which sends one request at a time.
#[derive(Debug)]
pub struct Http1 {
    addr: SocketAddr,
    sender: http1::SendRequest<RequestBody>,
}

impl Http1 {
    /// Connects to `addr`. The connection closes when this value and all responses are dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection or the handshake fails.
    pub async fn connect(addr: SocketAddr) -> Result<Self, BoxError> {
        let stream = TcpStream::connect(addr).await?;
        // Otherwise, a small write on a busy connection waits for a delayed acknowledgment.
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection.with_upgrades());
        Ok(Self { addr, sender })
    }

    /// Returns whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends `request`, and adds a `host` header if it has none.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails before the response head arrives.
    pub async fn send<B>(&mut self, request: Request<B>) -> Result<Response<Incoming>, BoxError>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut request = request.map(boxed);
        if !request.headers().contains_key(HOST) {
            let host = HeaderValue::try_from(self.addr.to_string())?;
            request.headers_mut().insert(HOST, host);
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends a GET request for `path`, and reads the response to its end.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails before the end of the response.
    pub async fn get(&mut self, path: &str) -> Result<Collected, BoxError> {
        let request = Request::get(path).body(Empty::new())?;
        Ok(Collected::of(self.send(request).await?).await?)
    }
}
