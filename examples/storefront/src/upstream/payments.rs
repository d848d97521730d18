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
use crate::{config::BaseUrl, shop::Refused};

const NAME: &str = "payments";

/// Far more than any answer of payments takes.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Payments, over HTTP and JSON. Connections are kept and used again.
pub struct Payments {
    client: Metrics<Propagate<Client<HttpConnector, Full<Bytes>>>>,
    charges: Uri,
    timeout: Duration,
}

impl Payments {
    pub fn at(url: &BaseUrl, timeout: Duration, metrics: &HttpMetrics) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new();
        // A body is sent at once, and does not wait some 40 ms for the head to be acknowledged.
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let client = ServiceBuilder::new()
            .layer(metrics.client_layer(NAME))
            .layer(PropagateLayer::new())
            .service(client);
        Ok(Self { client, charges: format!("{url}/charges").parse()?, timeout })
    }

    pub async fn charge(&self, order: Uuid, cents: u64, email: &str) -> Result<(), Refused> {
        let charge = json!({ "order_id": order, "amount_cents": cents, "receipt_email": email });
        let status = within(self.timeout, NAME, async {
            let posted = self.post(charge.to_string()).await;
            posted.map_err(|error| Refused::Failed(NAME, error))
        });
        match status.await? {
            StatusCode::CREATED => Ok(()),
            StatusCode::PAYMENT_REQUIRED => Err(Refused::PaymentDeclined),
            status => Err(Refused::Failed(NAME, format!("unexpected answer {status}").into())),
        }
    }

    async fn post(&self, body: String) -> Result<StatusCode, BoxError> {
        let request = Request::post(self.charges.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body))?;
        let response: Response<_> = self.client.clone().oneshot(request).await?;
        let status = response.status();
        // Read to its end, so that the connection can serve the next order.
        Limited::new(response.into_body(), LARGEST_ANSWER).collect().await?;
        Ok(status)
    }
}
