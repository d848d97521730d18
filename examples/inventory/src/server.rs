use std::future::Future;

use battlement::request_id::RequestIdLayer;
use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

use crate::{Stock, proto::inventory_server::InventoryServer, service::StockService};

/// Answers on `listener` until `stop` is ready, then finishes the calls under way.
pub async fn serve(
    listener: TcpListener,
    stock: Stock,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    tracing::info!("inventory listens on http://{}", listener.local_addr()?);
    // Small answers leave at once. Otherwise the first on a connection waits some 40 ms for the client
    // to acknowledge what was sent before it.
    let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        // Takes the caller's id from `x-request-id`, so that one order has one id in all services, and
        // names it in every log line that is written during the call.
        .layer(RequestIdLayer::new())
        .add_service(InventoryServer::new(StockService::new(stock)))
        .serve_with_incoming_shutdown(connections, stop)
        .await?;
    Ok(())
}
