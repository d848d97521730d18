use std::io;

use ::tonic::{body::Body, service::Routes, transport::server::Router};
use bytes::Bytes;
use http::{Request, Response};
use tokio_stream::wrappers::TcpListenerStream;
use tower::{BoxError, Layer, Service};

use super::Server;

impl Server {
    /// Serves `router` and its layers with tonic, which adds the peer address to the request extensions as
    /// `TcpConnectInfo`.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn tonic<L, B>(router: Router<L>) -> io::Result<Self>
    where
        L: Layer<Routes> + Send + 'static,
        L::Service: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send,
        <L::Service as Service<Request<Body>>>::Error: Into<BoxError> + Send,
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        Self::spawn(|listener, stopped| async {
            let incoming = TcpListenerStream::new(listener);
            let stopped = async {
                let _ = stopped.await;
            };
            // Errors are ignored; the client sees them itself.
            let _ = router.serve_with_incoming_shutdown(incoming, stopped).await;
        })
        .await
    }
}
