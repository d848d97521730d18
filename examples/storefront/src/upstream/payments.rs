use std::time::Duration;

use battlement::{
    metrics::{HttpMetrics, Metrics},
    request_id::{Propagate, PropagateLayer},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tower::{BoxError, ServiceBuilder, ServiceExt};
use uuid::Uuid;

use super::within;
use crate::{config::BaseUrl, shop::NotPlaced};

const NAME: &str = "payments";

/// Far more than the size of any response of payments.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// An HTTP client of the payments service. Connections are reused.
pub struct Payments {
    client: Metrics<Propagate<Client<HttpConnector, Full<Bytes>>>>,
    charges: Uri,
    timeout: Duration,
}

impl Payments {
    pub fn at(url: &BaseUrl, timeout: Duration, metrics: &HttpMetrics) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new();
        // The body is sent at once. Otherwise it waits about 40 ms for the head to be acknowledged.
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let client = ServiceBuilder::new()
            .layer(metrics.client_layer(NAME))
            .layer(PropagateLayer::new())
            .service(client);
        Ok(Self { client, charges: format!("{url}/charges").parse()?, timeout })
    }

    pub async fn charge(&self, order: Uuid, cents: u64, email: &str) -> Result<(), NotPlaced> {
        let charge = json!({ "order_id": order, "amount_cents": cents, "receipt_email": email });
        let status = within(self.timeout, NAME, async {
            let posted = self.post(charge.to_string()).await;
            posted.map_err(|error| NotPlaced::Failed(NAME, error))
        });
        match status.await? {
            StatusCode::CREATED => Ok(()),
            StatusCode::PAYMENT_REQUIRED => Err(NotPlaced::PaymentDeclined),
            status => Err(NotPlaced::Failed(NAME, format!("unexpected status {status}").into())),
        }
    }

    async fn post(&self, body: String) -> Result<StatusCode, BoxError> {
        let request = Request::post(self.charges.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        let response: Response<_> = self.client.clone().oneshot(request).await?;
        let status = response.status();
        // The body is read to its end, so that the connection can be reused.
        Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await?;
        Ok(status)
    }
}
