//! Endpoints for probes over HTTP, and requests to them.

use std::convert::Infallible;

use axum::{Router, body::Body, extract::Request, routing::get};
use axum_health::prelude::{Health, HealthDetail, HealthIndicator, health_check};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::{BoxError, Service, ServiceExt as _};

/// A check of axum-health that calls a function.
pub(crate) struct Indicator<F>(pub(crate) &'static str, pub(crate) F);

#[tonic::async_trait]
impl<F, Fut> HealthIndicator for Indicator<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = HealthDetail> + Send,
{
    fn name(&self) -> String {
        self.0.to_owned()
    }

    async fn details(&self) -> HealthDetail {
        self.1().await
    }
}

/// Returns the router of axum-health's documentation.
pub(crate) fn of_axum_health(health: Health) -> Router {
    Router::new().route("/health", get(health_check)).layer(health)
}

/// A response to a probe.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Sends one probe as the kubelet does.
pub(crate) async fn probe<S, B>(service: &S, path: &str) -> Answer
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    let request = Request::get(path).header("accept", "*/*").body(Body::empty()).unwrap();
    let (head, body) = service.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.map_err(Into::into).unwrap().to_bytes();
    let body = String::from_utf8(body.into()).unwrap();
    Answer { status: head.status, headers: head.headers, body }
}
