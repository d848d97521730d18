//! The accept loop that axum and tonic bring along, and plain hyper leaves to us.

use std::{convert::Infallible, future::Future, pin::pin, sync::Arc, time::Duration};

use battlement::request_id::RequestIdLayer;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceBuilder;
use tracing::{debug, info, warn};

use crate::{Ledger, routes};

/// A client that is slower to send its head than this is not served: it would keep a connection for free.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// Answers on `listener` until `stop` is ready, then finishes the requests under way.
pub async fn serve(
    listener: TcpListener,
    ledger: Ledger,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    info!("payments listens on http://{}", listener.local_addr()?);
    let ledger = Arc::new(ledger);
    let service = ServiceBuilder::new()
        // Takes the caller's id from `x-request-id`, so that one order has one id in all services, and
        // names it in every log line that is written during the request.
        .layer(RequestIdLayer::new())
        .service_fn(move |request| {
            let ledger = ledger.clone();
            async move { Ok::<_, Infallible>(routes::answer(&ledger, request).await) }
        });
    let server = http();
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            () = &mut stop => break,
        };
        let service = TowerToHyperService::new(service.clone());
        let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(error, "a connection ended early");
            }
        });
    }
    // Closed, so that a load balancer sees at once that this process takes no more.
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

/// HTTP/1 and HTTP/2, told apart by how a connection begins.
fn http() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    server.http2().timer(TokioTimer::new());
    server
}

/// The next connection, whatever goes wrong with others: out of file descriptors, say, it waits for some
/// to be given back instead of ending the service.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Small answers leave at once, and do not wait for more to fill a packet. (It only fails
                // on a connection that is gone already, as reading from it will show.)
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
