use battlement::{
    access_log::AccessLogLayer,
    circuit_breaker::Handle,
    health::{Check, ConfigError},
    metrics::HttpMetrics,
    request_id::PropagateLayer,
    timeout::{CallDeadlineLayer, PropagateDeadlineLayer},
};
use http::Request;
use tonic::{Code, Status, body::Body, transport::Endpoint};
use tower::{ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tracing::warn;
use uuid::Uuid;

use super::{
    CallFailed, Client,
    failed::{Call, Sent},
    whole,
};
use crate::{
    breakers::{Breaker, Breakers},
    config::BaseUrl,
    health,
    order::Item,
    proto::{
        AvailableRequest, Line, ReleaseRequest, ReserveRequest, inventory_client::InventoryClient,
    },
    retries::Retries,
    shop::NotPlaced,
    timeouts::{Timeouts, UpstreamTimeLimits},
};

const NAME: &str = "inventory";

/// The methods that may be called twice: inventory recognizes an order by its id, and `Available` changes nothing.
const IDEMPOTENT: [&str; 3] = [
    "inventory.v1.Inventory/Reserve",
    "inventory.v1.Inventory/Release",
    "inventory.v1.Inventory/Available",
];

/// A gRPC client of the inventory service. Clones share one connection.
#[derive(Clone)]
pub struct Inventory {
    client: InventoryClient<Client<Request<Body>, Body, Status>>,
    /// For calls that must finish: neither the deadline of the request nor the breaker ends them.
    detached: InventoryClient<Client<Request<Body>, Body, Status>>,
    limits: UpstreamTimeLimits,
    url: BaseUrl,
    breaker: Handle,
}

impl Inventory {
    pub fn at(
        url: BaseUrl,
        metrics: &HttpMetrics,
        timeouts: &Timeouts,
        retries: &Retries,
        breakers: &Breakers,
        log_calls: bool,
    ) -> anyhow::Result<Self> {
        // Lazy, so that this service starts and lists its products while the inventory is unavailable.
        let channel = Endpoint::from_shared(url.to_string())?.connect_lazy();
        let channel = ServiceBuilder::new()
            .layer(PropagateLayer::new())
            .layer(PropagateDeadlineLayer::new())
            .service(channel);
        let retry = retries.grpc(NAME, &IDEMPOTENT);
        let client = |limit: CallDeadlineLayer, breaker: Breaker| {
            let channel = channel.clone();
            let client = ServiceBuilder::new()
                .map_err(Status::from_error)
                .map_response(|response: http::Response<_>| response.map(Body::new))
                .layer(metrics.grpc_client_layer(NAME))
                // Ends a call that takes too long, so that an inventory that hangs does not hang this service.
                .layer(limit)
                // Both clients share the budget of this layer.
                .layer(retry.clone())
                // Logs each attempt, if that is asked for.
                .layer(AccessLogLayer::client(NAME).enabled(log_calls))
                // Rejects an attempt while inventory fails all the time, which is the end of its call.
                .layer(breaker)
                .map_request(Sent::record)
                // Ends an attempt that takes too long, so that there is time for another one.
                .layer(timeouts.attempt())
                .and_then(whole)
                // The wait for a free place on the connection is a part of the attempt as well.
                .service_fn(move |request: Request<Body>| channel.clone().oneshot(request));
            InventoryClient::new(BoxCloneSyncService::new(client))
        };
        let (breaker, state) = breakers.around(NAME).pair();
        Ok(Self {
            client: client(timeouts.call(), breaker),
            detached: client(timeouts.call().detached(), Breakers::none()),
            limits: timeouts.upstream(),
            url,
            breaker: state,
        })
    }

    /// Returns the check of the service.
    pub fn check(&self) -> Result<Check, ConfigError> {
        health::upstream(NAME, self.breaker.clone(), &self.url)
    }

    /// Reserves the items of an order, and returns the pieces left of each product.
    pub async fn reserve(&self, order: Uuid, items: &[Item]) -> Result<Vec<Line>, NotPlaced> {
        let call = Call::of(NAME, self.limits);
        let request = call.request(ReserveRequest {
            order_id: order.to_string(),
            lines: items.iter().map(Line::from).collect(),
        });
        let reserved = self.client.clone().reserve(request).await;
        reserved.map(|response| response.into_inner().left).map_err(|status| match status.code() {
            Code::FailedPrecondition => NotPlaced::OutOfStock(status.message().to_owned()),
            _ => call.status(status).into(),
        })
    }

    /// Returns the pieces left of a product.
    pub async fn available(&self, product_id: &str) -> Result<u32, CallFailed> {
        let call = Call::of(NAME, self.limits);
        let request = call.request(AvailableRequest { product_id: product_id.to_owned() });
        let available = self.client.clone().available(request).await;
        available
            .map(|response| response.into_inner().quantity)
            .map_err(|status| call.status(status))
    }

    /// Releases the stock of a failed order, and returns the pieces left of each product. The call has its whole limit,
    /// since the request of the order may have no time left. A failure is logged, since the order has failed already.
    pub async fn release(&self, order: Uuid) -> Vec<Line> {
        let request = ReleaseRequest { order_id: order.to_string() };
        let released = self.detached.clone().release(request).await;
        released.map(|response| response.into_inner().left).unwrap_or_else(|status: Status| {
            let (code, reason) = (status.code(), status.message());
            warn!(%order, ?code, reason, "cannot release the stock of a failed order; it may remain reserved");
            Vec::new()
        })
    }
}

impl Call {
    fn request<M>(&self, message: M) -> tonic::Request<M> {
        let mut request = tonic::Request::new(message);
        request.extensions_mut().insert(self.sent.clone());
        request
    }

    /// Explains the status of a call that failed.
    fn status(&self, status: Status) -> CallFailed {
        match status.code() {
            Code::DeadlineExceeded => self.timed_out(),
            _ => self.failed(status),
        }
    }
}

impl From<&Item> for Line {
    fn from(item: &Item) -> Self {
        Self { product_id: item.product_id.clone(), quantity: item.quantity }
    }
}
