use std::time::Duration;

use battlement::{
    metrics::{HttpMetrics, Metrics},
    request_id::{Propagate, PropagateLayer},
};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};
use tower::ServiceBuilder;
use tracing::warn;
use uuid::Uuid;

use super::within;
use crate::{
    config::BaseUrl,
    order::Item,
    proto::{Line, ReleaseRequest, ReserveRequest, inventory_client::InventoryClient},
    shop::NotPlaced,
};

const NAME: &str = "inventory";

/// A gRPC client of the inventory service. Clones share one connection.
pub struct Inventory {
    client: InventoryClient<Metrics<Propagate<Channel>>>,
    timeout: Duration,
}

impl Inventory {
    pub fn at(url: &BaseUrl, timeout: Duration, metrics: &HttpMetrics) -> anyhow::Result<Self> {
        // Lazy, so that this service starts and lists its products while the inventory is unavailable.
        let channel = Endpoint::from_shared(url.to_string())?.connect_lazy();
        let channel = ServiceBuilder::new()
            .layer(metrics.grpc_client_layer(NAME))
            .layer(PropagateLayer::new())
            .service(channel);
        Ok(Self { client: InventoryClient::new(channel), timeout })
    }

    /// Reserves the items of an order, and returns the pieces left of each product.
    pub async fn reserve(&self, order: Uuid, items: &[Item]) -> Result<Vec<Line>, NotPlaced> {
        let request = ReserveRequest {
            order_id: order.to_string(),
            lines: items.iter().map(Line::from).collect(),
        };
        let mut client = self.client.clone();
        within(self.timeout, NAME, async move {
            let response = client.reserve(request).await.map_err(not_placed)?;
            Ok(response.into_inner().left)
        })
        .await
    }

    /// Releases the stock of a failed order, and returns the pieces left of each product. A failure is logged, since
    /// the order has failed already.
    pub async fn release(&self, order: Uuid) -> Vec<Line> {
        let mut client = self.client.clone();
        let released = within(self.timeout, NAME, async move {
            let request = ReleaseRequest { order_id: order.to_string() };
            let response = client.release(request).await.map_err(not_placed)?;
            Ok(response.into_inner().left)
        });
        released.await.unwrap_or_else(|reason| {
            warn!(%order, ?reason, "cannot release the stock of a failed order; it may remain reserved");
            Vec::new()
        })
    }
}

fn not_placed(status: Status) -> NotPlaced {
    match status.code() {
        Code::FailedPrecondition => NotPlaced::OutOfStock(status.message().to_owned()),
        Code::DeadlineExceeded => NotPlaced::TimedOut(NAME),
        _ => NotPlaced::Failed(NAME, status.into()),
    }
}

impl From<&Item> for Line {
    fn from(item: &Item) -> Self {
        Self { product_id: item.product_id.clone(), quantity: item.quantity }
    }
}
