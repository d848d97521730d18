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

/// What a hyper server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.
    Http1,
    /// HTTP/2 by prior knowledge.
    Http2,
    /// Either, by the first bytes of the connection.
    Auto,
}

impl Server {
    /// Serves `service` by hyper over HTTP/1.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn http1<S, B>(service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::hyper(Protocol::Http1, move |_| service.clone()).await
    }

    /// Serves `service` by hyper over HTTP/2, by prior knowledge.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn http2<S, B>(service: S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::hyper(Protocol::Http2, move |_| service.clone()).await
    }

    /// Serves by hyper what `make` returns for the peer's address of each connection.
    ///
    /// Each request is answered by a clone, and has the peer's address as [`PeerAddr`] in its extensions.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
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

/// Dropped, it takes all connections with it.
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
        // A connection that broke before it was accepted is its client's to notice.
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
    // How a connection ends is the client's to judge.
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
