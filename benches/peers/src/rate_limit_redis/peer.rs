use std::{
    convert::Infallible,
    future::{Ready, ready},
    marker::PhantomData,
    time::Duration,
};

use anyhow::{Result, ensure};
use http::{Request, Response};
use redis_0_32::Client;
use tower::{Layer, ServiceExt as _, service_fn};
use tower_rate_limit_redis::{KeyResolver, RateLimitLayer};

use super::{BURST, CUSTOMER, decisions::Candidate, ours};

/// Resolves the key from the customer header, as our layer does.
pub(super) struct Customer<B>(PhantomData<fn() -> B>);

impl<B> Clone for Customer<B> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<B: Default> KeyResolver for Customer<B> {
    type Key = Vec<u8>;
    type ErrorBody = B;

    fn key<T>(&self, request: &Request<T>) -> Result<Vec<u8>, Response<B>> {
        let value = request.headers().get(CUSTOMER);
        value.map(|value| value.as_bytes().to_vec()).ok_or_else(Response::default)
    }
}

pub(super) async fn layer<B: Default>(url: &str) -> Result<RateLimitLayer<Customer<B>>> {
    let connection = Client::open(url)?.get_multiplexed_async_connection().await?;
    Ok(RateLimitLayer::builder()
        .conn(connection)
        .key_resolver(Customer(PhantomData))
        .capacity(BURST)
        .emission_interval(Duration::from_secs(1))
        .timeout(ours::DEADLINE)
        .build())
}

pub(super) async fn candidate(url: &str) -> Result<Candidate> {
    let service = layer(url).await?.layer(service_fn(respond));
    Ok(Candidate::new("tower-rate-limit-redis", move |key| {
        let response = service.clone().oneshot(super::request(key));
        async move {
            ensure!(response.await?.status() == 200, "the request was denied");
            Ok(())
        }
    }))
}

fn respond(_: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    ready(Ok(Response::new(())))
}
