use std::time::Duration;

use battlement::{
    metrics::HttpMetrics, request_id::PropagateLayer, timeout::PropagateDeadlineLayer,
};
use bytes::Bytes;
use http::{HeaderName, Request, StatusCode, Uri, header::CONTENT_TYPE};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tower::{BoxError, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use uuid::Uuid;

use super::{Client, expiry, whole};
use crate::{config::BaseUrl, shop::NotPlaced, timeouts::Timeouts};

const NAME: &str = "payments";

/// Tells payments that two requests are one: the second gets the answer of the first.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An HTTP client of the payments service. Connections are reused.
pub struct Payments {
    client: Client<Request<Full<Bytes>>, (), NotPlaced>,
    charges: Uri,
    limit: Duration,
}

impl Payments {
    pub fn at(url: &BaseUrl, metrics: &HttpMetrics, timeouts: &Timeouts) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new();
        // The body is sent at once. Otherwise it waits about 40 ms for the head to be acknowledged.
        connector.set_nodelay(true);
        let client = HyperClient::builder(TokioExecutor::new()).build(connector);
        let client = ServiceBuilder::new()
            .map_err(failed)
            // Only the status is of interest. The body is read for the metrics, which record a call when it is over.
            .and_then(|response| async { Ok(whole(response).await?.map(drop)) })
            .layer(metrics.client_layer(NAME))
            // Ends a call that takes too long, so that payments that hang do not hang this service.
            .layer(timeouts.call())
            .and_then(whole)
            .layer(PropagateLayer::new())
            .layer(PropagateDeadlineLayer::new())
            .service(client);
        Ok(Self {
            client: BoxCloneSyncService::new(client),
            charges: format!("{url}/charges").parse()?,
            limit: timeouts.call_limit(),
        })
    }

    pub async fn charge(&self, order: Uuid, cents: u64, email: &str) -> Result<(), NotPlaced> {
        let charge = json!({ "order_id": order, "amount_cents": cents, "receipt_email": email });
        let expiry = expiry(NAME, self.limit);
        let request =
            self.request(order, charge.to_string()).map_err(|error| failed(error.into()))?;
        match self.client.clone().oneshot(request).await?.status() {
            StatusCode::CREATED => Ok(()),
            StatusCode::PAYMENT_REQUIRED => Err(NotPlaced::PaymentDeclined),
            // From payments, or from the layer that limits the call.
            StatusCode::GATEWAY_TIMEOUT => Err(expiry),
            status => Err(failed(format!("unexpected status {status}").into())),
        }
    }

    fn request(&self, order: Uuid, body: String) -> Result<Request<Full<Bytes>>, http::Error> {
        Request::post(self.charges.clone())
            // A string of RFC 9651, which has quotes.
            .header(IDEMPOTENCY_KEY, format!("\"{order}\""))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))
    }
}

fn failed(error: BoxError) -> NotPlaced {
    NotPlaced::Failed(NAME, error)
}
