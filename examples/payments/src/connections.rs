//! The accept loop, which axum and tonic provide and plain hyper does not.

use std::{convert::Infallible, future::Future, net::SocketAddr, pin::pin, time::Duration};

use battlement::client_ip::PeerAddr;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::{BoxError, Layer, Service, util::MapRequestLayer};
use tracing::{debug, warn};

use crate::{faults::Faults, reset::Resettable};

/// The time that a client has to send the head of a request, so that an idle client does not keep a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves connections until `stop` completes, then finishes the requests in flight.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    faults: Faults,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let server = http();
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        let Some(opened) = faults.open() else {
            Resettable::refuse(stream);
            continue;
        };
        let stream = Resettable::new(stream, opened);
        let reset = stream.reset.clone();
        // The layer for the client's address reads the peer from the extensions of the request.
        let service = MapRequestLayer::new(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddr(peer));
            request.extensions_mut().insert(reset.clone());
            request
        })
        .layer(service.clone());
        let service = TowerToHyperService::new(service);
        let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(error, "connection ended early");
            }
        });
    }
    // Closed first, so that a load balancer sees at once that this process accepts no more connections.
    drop(listener);
    graceful.shutdown().await;
}

/// Creates a server that detects HTTP/1 and HTTP/2 by the first bytes of a connection.
fn http() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    server.http2().timer(TokioTimer::new());
    server
}

/// Accepts the next connection. After an error, for example without free file descriptors, it retries.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Sends small responses at once. Fails only on a connection that is already closed, which reading
                // from it will show.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection; retrying");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
