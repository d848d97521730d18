//! The accept loop, which axum and tonic provide and plain hyper does not.

use std::{convert::Infallible, net::SocketAddr, pin::pin, time::Duration};

use battlement::{
    client_ip::PeerAddr,
    shutdown::{Phase, Phases},
};
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower::{BoxError, Layer, Service, util::MapRequestLayer};
use tracing::{debug, warn};

use crate::{faults::Faults, reset::Resettable};

/// The time that a client has to send the head of a request, so that an idle client does not keep a connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves connections until the phase in which accepting ends, then finishes the requests in flight. Dropping this
/// future aborts them.
pub(crate) async fn serve<S, B>(listener: TcpListener, service: S, faults: Faults, phases: Phases)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let server = http();
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let spawn = |(stream, peer): (TcpStream, SocketAddr), connections: &mut JoinSet<()>| {
        let Some(opened) = faults.open() else {
            Resettable::refuse(stream);
            return;
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
        connections.spawn(async move {
            if let Err(error) = connection.await {
                debug!(error, "connection ended early");
            }
        });
    };
    let mut stopping = pin!(phases.reached(Phase::Stopping));
    loop {
        tokio::select! {
            accepted = accept(&listener) => spawn(accepted, &mut connections),
            Some(_) = connections.join_next() => {}
            () = &mut stopping => break,
        }
    }
    // Closing the listener resets the connections that wait in its queue, so they are accepted first.
    backlog(listener).for_each(|accepted| spawn(accepted, &mut connections));
    // Until the drain begins, connections without a request may still send one.
    tokio::select! {
        () = ended(&mut connections) => {}
        () = phases.reached(Phase::Draining) => graceful.shutdown().await,
    }
}

/// Waits for the end of all connections.
async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

/// Closes the listener, and returns the connections that had been made and were not accepted.
fn backlog(listener: TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let listener = listener.into_std().ok();
    std::iter::from_fn(move || {
        // An error means that the queue is empty: the listener does not block.
        let (stream, peer) = listener.as_ref()?.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        let _ = stream.set_nodelay(true);
        Some((TcpStream::from_std(stream).ok()?, peer))
    })
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
