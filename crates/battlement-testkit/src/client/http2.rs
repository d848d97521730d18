use std::net::SocketAddr;

use bytes::Bytes;
use http::{
    Request, Response, Uri,
    uri::{Authority, Scheme},
};
use http_body::Body;
use http_body_util::Empty;
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tower::BoxError;

use super::{Collected, RequestBody, boxed};

/// An HTTP/2 connection with prior knowledge. Clones share the connection and can send requests concurrently.
#[derive(Clone, Debug)]
pub struct Http2 {
    authority: Authority,
    sender: http2::SendRequest<RequestBody>,
}

impl Http2 {
    /// Connects to `addr`. The connection closes when all clones and all responses are dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection or the handshake fails.
    pub async fn connect(addr: SocketAddr) -> Result<Self, BoxError> {
        let stream = TcpStream::connect(addr).await?;
        // Otherwise, a small write on a busy connection waits for a delayed acknowledgment.
        stream.set_nodelay(true)?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await?;
        tokio::spawn(connection);
        let authority = addr.to_string().parse()?;
        Ok(Self { authority, sender })
    }

    /// Returns whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends `request`, and adds a scheme and an authority to its URI if it has none.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails or the stream is reset before the response head arrives.
    pub async fn send<B>(&mut self, request: Request<B>) -> Result<Response<Incoming>, BoxError>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut request = request.map(boxed);
        if request.uri().authority().is_none() {
            *request.uri_mut() = self.to_absolute(request.uri().clone())?;
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends a GET request for `path`, and reads the response to its end.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails or the stream is reset before the end of the response.
    pub async fn get(&mut self, path: &str) -> Result<Collected, BoxError> {
        let request = Request::get(path).body(Empty::new())?;
        Ok(Collected::of(self.send(request).await?).await?)
    }

    fn to_absolute(&self, uri: Uri) -> Result<Uri, http::uri::InvalidUriParts> {
        let mut parts = uri.into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        Uri::from_parts(parts)
    }
}
