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
    shop::Refused,
};

const NAME: &str = "inventory";

/// The inventory, over gRPC. Clones share one connection.
pub struct Inventory {
    client: InventoryClient<Metrics<Propagate<Channel>>>,
    timeout: Duration,
}

impl Inventory {
    pub fn at(url: &BaseUrl, timeout: Duration, metrics: &HttpMetrics) -> anyhow::Result<Self> {
        // Lazy: this service starts, and shows its products, even when the inventory is down.
        let channel = Endpoint::from_shared(url.to_string())?.connect_lazy();
        let channel = ServiceBuilder::new()
            .layer(metrics.grpc_client_layer(NAME))
            .layer(PropagateLayer::new())
            .service(channel);
        Ok(Self { client: InventoryClient::new(channel), timeout })
    }

    pub async fn reserve(&self, order: Uuid, items: &[Item]) -> Result<(), Refused> {
        let request = ReserveRequest {
            order_id: order.to_string(),
            lines: items.iter().map(Line::from).collect(),
        };
        let mut client = self.client.clone();
        within(self.timeout, NAME, async move {
            client.reserve(request).await.map_err(refused)?;
            Ok(())
        })
        .await
    }

    /// Puts back what the order took, if it can: an order that failed has no use for a second failure.
    pub async fn release(&self, order: Uuid) {
        let mut client = self.client.clone();
        let released = within(self.timeout, NAME, async move {
            let request = ReleaseRequest { order_id: order.to_string() };
            client.release(request).await.map_err(refused)?;
            Ok(())
        });
        if let Err(refused) = released.await {
            warn!(%order, ?refused, "the stock of a failed order may still be reserved");
        }
    }
}

fn refused(status: Status) -> Refused {
    match status.code() {
        Code::FailedPrecondition => Refused::OutOfStock(status.message().to_owned()),
        Code::DeadlineExceeded => Refused::TimedOut(NAME),
        _ => Refused::Failed(NAME, status.into()),
    }
}

impl From<&Item> for Line {
    fn from(item: &Item) -> Self {
        Self { product_id: item.product_id.clone(), quantity: item.quantity }
    }
}
