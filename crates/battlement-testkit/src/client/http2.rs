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

use super::{Collected, SentBody, sent};

/// One connection that speaks HTTP/2 by prior knowledge. Clones are the same connection, for requests at
/// the same time.
#[derive(Clone, Debug)]
pub struct Http2 {
    authority: Authority,
    sender: http2::SendRequest<SentBody>,
}

impl Http2 {
    /// Connects to `addr`. The connection is closed when all clones and all responses are dropped.
    ///
    /// # Errors
    ///
    /// If nobody listens there.
    pub async fn connect(addr: SocketAddr) -> Result<Self, BoxError> {
        let stream = TcpStream::connect(addr).await?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await?;
        tokio::spawn(connection);
        let authority = addr.to_string().parse()?;
        Ok(Self { authority, sender })
    }

    /// Sends `request`, with a scheme and an authority if it has none.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or the stream is reset, before the head of the response is there.
    pub async fn send<B>(&mut self, request: Request<B>) -> Result<Response<Incoming>, BoxError>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let mut request = request.map(sent);
        if request.uri().authority().is_none() {
            *request.uri_mut() = self.absolute(request.uri().clone())?;
        }
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Gets `path`, and reads the answer to its end.
    ///
    /// # Errors
    ///
    /// If the connection breaks, or the stream is reset, before that.
    pub async fn get(&mut self, path: &str) -> Result<Collected, BoxError> {
        let request = Request::get(path).body(Empty::new())?;
        Ok(Collected::of(self.send(request).await?).await?)
    }

    fn absolute(&self, uri: Uri) -> Result<Uri, http::uri::InvalidUriParts> {
        let mut parts = uri.into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        Uri::from_parts(parts)
    }
}
