use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::{
    IntoRequest, Response, Status, Streaming,
    body::Body,
    client::{Grpc, GrpcService},
    codegen::StdError,
};
use tonic_prost::ProstCodec;

use super::Words;

/// A client of [`EchoServer`](super::EchoServer) over a channel, which may be wrapped in layers.
#[derive(Clone, Debug)]
pub struct EchoClient<T> {
    inner: Grpc<T>,
}

impl<T> EchoClient<T>
where
    T: GrpcService<Body>,
    T::ResponseBody: http_body::Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    /// Creates a client that calls over `channel`.
    pub fn new(channel: T) -> Self {
        let inner = Grpc::new(channel);
        Self { inner }
    }

    /// Creates a client that calls `origin` over `channel`, for channels that do not set the origin themselves.
    pub fn with_origin(channel: T, origin: http::Uri) -> Self {
        let inner = Grpc::with_origin(channel, origin);
        Self { inner }
    }

    /// Calls `Say`, which returns `words`.
    ///
    /// # Errors
    ///
    /// Returns the status with the code in `words`, or the error of the channel.
    pub async fn say(&mut self, words: impl IntoRequest<Words>) -> Result<Response<Words>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static("/battlement.testkit.Echo/Say");
        let request = words.into_request();
        self.inner.unary(request, path, ProstCodec::default()).await
    }

    /// Calls `Repeat`, which streams `words` the requested number of times.
    ///
    /// # Errors
    ///
    /// Returns the error of the channel. The status with the code in `words` ends the stream.
    pub async fn repeat(
        &mut self,
        words: impl IntoRequest<Words>,
    ) -> Result<Response<Streaming<Words>>, Status> {
        self.ready().await?;
        let path = PathAndQuery::from_static("/battlement.testkit.Echo/Repeat");
        let request = words.into_request();
        let codec = ProstCodec::default();
        self.inner.server_streaming(request, path, codec).await
    }

    async fn ready(&mut self) -> Result<(), Status> {
        let ready = self.inner.ready().await;
        ready.map_err(|error| Status::unknown(error.into().to_string()))
    }
}
