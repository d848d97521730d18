use battlement::{
    access_log::AccessLogLayer,
    circuit_breaker::Handle,
    health::{Check, ConfigError},
    metrics::HttpMetrics,
    request_id::PropagateLayer,
    timeout::{CallDeadlineLayer, PropagateDeadlineLayer},
};
use bytes::Bytes;
use http::{HeaderName, Request, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tower::{BoxError, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use tracing::warn;
use uuid::Uuid;

use super::{
    CallFailed, Client,
    failed::{Call, Sent},
    whole,
};
use crate::{
    breakers::{Breaker, Breakers},
    concurrency::{Bulkhead, Concurrency},
    config::BaseUrl,
    health,
    retries::Retries,
    shop::NotPlaced,
    timeouts::{Timeouts, UpstreamTimeLimits},
};

const NAME: &str = "payments";

/// Tells payments that two requests are one: the second gets the answer of the first. The layer for retries repeats a
/// charge because of it.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An HTTP client of the payments service. Connections are reused, also by clones.
#[derive(Clone)]
pub struct Payments {
    client: Client<Request<Full<Bytes>>, (), BoxError>,
    /// For calls that must finish: neither the deadline of the request nor the breaker nor the bulkhead ends them.
    detached: Client<Request<Full<Bytes>>, (), BoxError>,
    url: BaseUrl,
    limits: UpstreamTimeLimits,
    breaker: Handle,
}

impl Payments {
    pub fn at(
        url: BaseUrl,
        metrics: &HttpMetrics,
        timeouts: &Timeouts,
        retries: &Retries,
        breakers: &Breakers,
        concurrency: &Concurrency,
        log_calls: bool,
    ) -> Self {
        let mut connector = HttpConnector::new();
        // The body is sent at once. Otherwise it waits about 40 ms for the head to be acknowledged.
        connector.set_nodelay(true);
        let client = HyperClient::builder(TokioExecutor::new())
            // The layer for retries sends a request again, within its budget. The client would do so unseen.
            .retry_canceled_requests(false)
            .build(connector);
        let retry = retries.http(NAME);
        let client = |limit: CallDeadlineLayer, breaker: Breaker, bulkhead: Bulkhead| {
            let client = ServiceBuilder::new()
                // Only the status is of interest. The body is read for the metrics, which record a call when it is over.
                .and_then(|response| async { Ok(whole(response).await?.map(drop)) })
                .layer(metrics.client_layer(NAME))
                // Ends a call that takes too long, so that payments that hang do not hang this service.
                .layer(limit)
                // Both clients share the budget of this layer.
                .layer(retry.clone())
                // Logs each attempt, if that is asked for.
                .layer(AccessLogLayer::client(NAME).enabled(log_calls))
                // Rejects an attempt while payments fail all the time, which is the end of its call.
                .layer(breaker)
                // Rejects an attempt while too many are in flight. Inside the breaker, which takes this for no failure.
                .layer(bulkhead)
                .map_request(Sent::record)
                // Ends an attempt that takes too long, so that there is time for another one.
                .layer(timeouts.attempt())
                .and_then(whole)
                .layer(PropagateLayer::new())
                .layer(PropagateDeadlineLayer::new())
                .service(client.clone());
            BoxCloneSyncService::new(client)
        };
        let (breaker, state) = breakers.around(NAME).pair();
        Self {
            client: client(timeouts.call(), breaker, concurrency.around(NAME)),
            detached: client(timeouts.call().detached(), Breakers::none(), Concurrency::none()),
            url,
            limits: timeouts.upstream(),
            breaker: state,
        }
    }

    /// Returns the check of the service.
    pub fn check(&self) -> Result<Check, ConfigError> {
        health::upstream(NAME, self.breaker.clone(), &self.url)
    }

    /// Charges an order. After an error other than [`NotPlaced::PaymentDeclined`], the order may have been charged, unless
    /// the error tells otherwise.
    pub async fn charge(&self, order: Uuid, cents: u64, email: &str) -> Result<(), NotPlaced> {
        let charge = json!({ "order_id": order, "amount_cents": cents, "receipt_email": email });
        let call = Call::of(NAME, self.limits);
        let request = Request::post(format!("{}/charges", self.url))
            // A string of RFC 9651, which has quotes.
            .header(IDEMPOTENCY_KEY, format!("\"{order}\""))
            .header(CONTENT_TYPE, "application/json")
            .extension(call.sent.clone())
            .body(Full::from(charge.to_string()))
            .map_err(|error| call.failed(error))?;
        let response = self.client.clone().oneshot(request).await;
        match response.map_err(|error| call.failed(error))?.status() {
            StatusCode::CREATED => Ok(()),
            StatusCode::PAYMENT_REQUIRED => Err(NotPlaced::PaymentDeclined),
            // From payments, or from a layer that limits the call or its last attempt.
            StatusCode::GATEWAY_TIMEOUT => Err(call.timed_out().into()),
            status => Err(CallFailed::Failed(NAME, unexpected(status)).into()),
        }
    }

    /// Voids the charge of a failed order, which may have been made although its answer was lost. A charge that arrives
    /// later is not made. The call has its whole limit, since the request of the order may have no time left. A failure is
    /// logged, since the order has failed already.
    pub async fn void(&self, order: Uuid) {
        if let Err(error) = self.try_void(order).await {
            warn!(%order, error, "cannot void the charge of a failed order; it may remain charged");
        }
    }

    async fn try_void(&self, order: Uuid) -> Result<(), BoxError> {
        let request =
            Request::delete(format!("{}/charges/{order}", self.url)).body(Full::default())?;
        match self.detached.clone().oneshot(request).await?.status() {
            StatusCode::NO_CONTENT => Ok(()),
            status => Err(unexpected(status)),
        }
    }
}

fn unexpected(status: StatusCode) -> BoxError {
    format!("unexpected status {status}").into()
}
