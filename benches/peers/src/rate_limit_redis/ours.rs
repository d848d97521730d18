use std::{
    convert::Infallible,
    future::{Ready, ready},
    time::Duration,
};

use anyhow::{Result, ensure};
use battlement_rate_limit::{Key, Policy, RateLimitLayer};
use battlement_rate_limit_redis::{OnFailure, Redis, RedisStore};
use http::{Request, Response};
use tower::{Layer, ServiceExt as _, service_fn};

use super::{BURST, CUSTOMER, decisions::Candidate};

/// The deadline of our store and of the peer. On a busy machine, a shorter one would make Redis appear unavailable.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

/// Returns a layer with default settings, except for the deadline.
pub(super) fn layer(url: &str) -> Result<RateLimitLayer<RedisStore>> {
    Ok(limited(&Redis::builder(url).deadline(DEADLINE).build()?))
}

/// Returns a candidate that sends each question in a command of its own.
pub(super) fn unbatched(url: &str) -> Result<Candidate> {
    Ok(candidate(
        "ours, unbatched",
        limited(&Redis::builder(url).deadline(DEADLINE).coalesce(1).build()?),
    ))
}

/// Returns a candidate with default settings, which batches questions.
pub(super) fn batched(url: &str) -> Result<Candidate> {
    Ok(candidate("ours, default", layer(url)?))
}

fn limited(redis: &Redis) -> RateLimitLayer<RedisStore> {
    let policy = Policy::per_second("orders", 1).burst(u32::from(BURST));
    RateLimitLayer::new(policy, Key::header(CUSTOMER)).store(redis.store("bench", OnFailure::Deny))
}

fn candidate(name: &'static str, layer: RateLimitLayer<RedisStore>) -> Candidate {
    let service = layer.layer(service_fn(respond));
    Candidate::new(name, move |key| {
        let response = service.clone().oneshot(super::request(key));
        async move {
            let status = response.await?.status();
            ensure!(status == 200, "the request was denied with status {status}");
            Ok(())
        }
    })
}

fn respond(_: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    ready(Ok(Response::new(())))
}
