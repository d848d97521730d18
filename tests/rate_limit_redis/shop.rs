//! A service with limits in Redis, and its customers.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
    time::Duration,
};

use battlement_rate_limit::{Key, Policies, RateLimit, RateLimitLayer, ResponseBody};
use battlement_rate_limit_redis::{OnFailure, Redis, RedisStore, Share};
use http::{HeaderName, Request, Response};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt as _};

pub(crate) const CUSTOMER: HeaderName = HeaderName::from_static("x-customer");
pub(crate) const HALF: OnFailure = OnFailure::LocalFallback { share: Share::one_in(2) };
/// Longer than any machine takes, for tests in which no request fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A service that answers every request.
#[derive(Clone, Debug)]
pub(crate) struct AlwaysOk;

impl Service<Request<()>> for AlwaysOk {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

/// A service with limits by the header [`CUSTOMER`]. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    service: RateLimit<AlwaysOk, RedisStore>,
    store: RedisStore,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether the headers contain the remaining quota, which they do if it is known.
    pub(crate) exact: bool,
    /// The remaining units, if they are known.
    pub(crate) left: Option<u32>,
    pub(crate) began: Instant,
    pub(crate) took: Duration,
}

impl Shop {
    pub(crate) fn new(redis: &Redis, policies: impl Into<Policies>, on_failure: OnFailure) -> Self {
        Self::on(redis.store("shop", on_failure), policies)
    }

    pub(crate) fn on(store: RedisStore, policies: impl Into<Policies>) -> Self {
        let layer = RateLimitLayer::new(policies, Key::header(CUSTOMER)).store(store.clone());
        Self { service: layer.layer(AlwaysOk), store }
    }

    pub(crate) const fn redis(&self) -> &Redis {
        self.store.redis()
    }

    pub(crate) async fn ask(&self, customer: u64) -> Answer {
        let mut request = Request::new(());
        request.headers_mut().insert(CUSTOMER, customer.into());
        let began = Instant::now();
        let response = self.service.clone().oneshot(request).await.unwrap();
        Answer::of(&response, began)
    }
}

impl Answer {
    fn of(response: &Response<ResponseBody<()>>, began: Instant) -> Self {
        let header = response.headers().get("ratelimit").map(|value| value.to_str().unwrap());
        let left =
            header.and_then(|header| header.split(";r=").nth(1)?.split(';').next()?.parse().ok());
        let status = response.status().as_u16();
        Self { status, exact: header.is_some(), left, began, took: began.elapsed() }
    }

    pub(crate) const fn passed(&self) -> bool {
        self.status == 200
    }
}
