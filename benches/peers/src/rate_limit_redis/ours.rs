use std::{
    convert::Infallible,
    future::{Ready, ready},
    time::Duration,
};

use anyhow::{Result, ensure};
use battlement_rate_limit::{
    Key, Policy, RateLimitLayer,
    redis::{OnFailure, Redis, RedisStore},
};
use http::{Request, Response};
use tower::{Layer, ServiceExt as _, service_fn};

use super::{BURST, CUSTOMER, decisions::Contestant};

/// The peer's, too. With less a machine that does much else at once shows up as a Redis that is away.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

/// As it is where nothing is set, but for the deadline.
pub(super) fn layer(url: &str) -> Result<RateLimitLayer<RedisStore>> {
    Ok(limited(&Redis::builder(url).deadline(DEADLINE).build()?))
}

/// Each question alone.
pub(super) fn plain(url: &str) -> Result<Contestant> {
    Ok(contestant(
        "ours, each alone",
        limited(&Redis::builder(url).deadline(DEADLINE).coalesce(1).build()?),
    ))
}

pub(super) fn coalesced(url: &str) -> Result<Contestant> {
    Ok(contestant("ours, as it is", layer(url)?))
}

fn limited(redis: &Redis) -> RateLimitLayer<RedisStore> {
    let policy = Policy::per_second("orders", 1).burst(u32::from(BURST));
    RateLimitLayer::new(policy, Key::header(CUSTOMER)).store(redis.store("bench", OnFailure::Deny))
}

fn contestant(name: &'static str, layer: RateLimitLayer<RedisStore>) -> Contestant {
    let service = layer.layer(service_fn(answer));
    Contestant::new(name, move |key| {
        let response = service.clone().oneshot(super::request(key));
        async move {
            let status = response.await?.status();
            ensure!(status == 200, "nobody is to be denied, but was, by {status}");
            Ok(())
        }
    })
}

fn answer(_: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    ready(Ok(Response::new(())))
}
