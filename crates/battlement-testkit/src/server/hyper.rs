use std::{io, net::SocketAddr};

use ::hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use battlement_core::PeerAddr;
use http::{Request, Response};
use http_body::Body;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower::{BoxError, Service, ServiceExt as _};

use super::Server;

/// The protocol of a hyper server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// HTTP/1 or HTTP/2, detected from the first bytes of the connection.
    Auto,
}

impl Server {
    /// Serves `service` with hyper over HTTP/1.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn http1<S, B>(service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::hyper(Protocol::Http1, move |_| service.clone()).await
    }

    /// Serves `service` with hyper over HTTP/2 with prior knowledge.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn http2<S, B>(service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::hyper(Protocol::Http2, move |_| service.clone()).await
    }

    /// Serves each connection with hyper and the service that `make` returns for its peer address.
    ///
    /// Each request is passed to a clone of the service, with the peer address as [`PeerAddr`] in its extensions.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn hyper<S, B>(
        protocol: Protocol,
        make: impl FnMut(SocketAddr) -> S + Send + 'static,
    ) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::spawn(move |listener, stopped| async move {
            tokio::select! {
                _ = stopped => {}
                () = accept(listener, protocol, make) => {}
            }
        })
        .await
    }
}

/// Accepts connections; dropping this future closes all of them.
async fn accept<S, B>(
    listener: TcpListener,
    protocol: Protocol,
    mut make: impl FnMut(SocketAddr) -> S,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        // An accept error concerns a connection that failed early, which its client sees itself.
        if let Ok((stream, peer)) = accepted {
            connections.spawn(serve(protocol, stream, peer, make(peer)));
        }
    }
}

async fn serve<S, B>(protocol: Protocol, stream: TcpStream, peer: SocketAddr, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let per_request = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(PeerAddr(peer));
        service.clone().oneshot(request)
    });
    let (stream, executor) = (TokioIo::new(stream), TokioExecutor::new());
    // Connection errors are ignored; the client sees them itself.
    match protocol {
        Protocol::Http1 => {
            let builder = http1::Builder::new();
            let connection = builder.serve_connection(stream, per_request);
            let _ = connection.with_upgrades().await;
        }
        Protocol::Http2 => {
            let builder = http2::Builder::new(executor);
            let _ = builder.serve_connection(stream, per_request).await;
        }
        Protocol::Auto => {
            let builder = auto::Builder::new(executor);
            let connection = builder.serve_connection_with_upgrades(stream, per_request);
            let _ = connection.await;
        }
    }
}
