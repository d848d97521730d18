//! How much of `/orders` each customer may ask.

use std::{
    num::{NonZeroU32, ParseIntError},
    str::FromStr,
};

use axum::{Router, middleware::from_fn_with_state};
use battlement::{
    client_ip::ClientIp,
    metrics::{
        Exposition,
        rate_limit::{RateLimitMetrics, RedisMetrics},
    },
    rate_limit::{
        ConfigError, Inbound, Key, Policies, Policy, RateLimitLayer, Store,
        redis::{Builder, OnFailure, Redis, RedisStore, Share},
    },
};
use tower::ServiceBuilder;

use crate::partner::{Partner, Partners, authenticate};

/// What each may ask in a minute.
pub struct Quotas {
    /// From one address, whoever it is.
    pub address: PerMinute,
    /// A customer without a key.
    pub guest: PerMinute,
    /// A customer with one.
    pub partner: PerMinute,
}

/// Where all instances of this service count together.
pub struct Shared {
    redis: Builder,
    metrics: RedisMetrics,
}

/// The secret that the keys in Redis are hashed with. This type has no `Debug`.
#[derive(Default)]
pub struct KeySecret(Option<Box<str>>);

/// How many instances count together.
pub struct Instances(NonZeroU32);

/// The layers around the routes of orders.
#[derive(Clone)]
pub struct Limits {
    layers: Layers,
    /// What all of them decide, and keep in memory.
    metrics: RateLimitMetrics,
    /// What they ask of Redis.
    redis: Option<RedisMetrics>,
}

#[derive(Clone)]
enum Layers {
    /// This instance counts for itself.
    Alone(Pair<RateLimitLayer>),
    /// All of them count together.
    Together(Pair<RateLimitLayer<RedisStore>>),
}

#[derive(Clone)]
struct Pair<L> {
    /// Goes outside of authentication: nobody tries keys faster than this.
    by_address: L,
    /// Goes inside of it, where it is known whose request it is.
    by_customer: L,
}

impl Limits {
    /// Redis is looked for in the background, and need not be there.
    pub fn new(
        quotas: Quotas,
        shared: Option<Shared>,
        instances: Instances,
    ) -> Result<Self, ConfigError> {
        let metrics = RateLimitMetrics::new();
        let partner = Policies::from(quotas.partner.policy("partner"));
        let pair = pair(&quotas, &partner, &metrics);
        let Some(Shared { redis, metrics: of_redis }) = shared else {
            let layers = Layers::Alone(watched(pair, &partner, &metrics));
            return Ok(Self { layers, metrics, redis: None });
        };
        let redis = redis.build()?;
        // While Redis is away each instance admits its part, so that together they admit what they may.
        let share = OnFailure::LocalFallback { share: Share::one_in(instances.0.get()) };
        let pair = Pair {
            by_address: pair.by_address.store(redis.store("address", share)),
            by_customer: pair.by_customer.store(redis.store("customer", share)),
        };
        let layers = Layers::Together(watched(pair, &partner, &metrics));
        Ok(Self { layers, metrics, redis: Some(of_redis) })
    }

    /// Puts the layers around routes. From the outside in: what this address may still ask; who the customer
    /// is; what this customer may still ask.
    pub fn around<S>(self, routes: Router<S>, partners: Partners) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let authentication = from_fn_with_state(partners, authenticate);
        match self.layers {
            Layers::Alone(Pair { by_address, by_customer }) => routes.layer(
                ServiceBuilder::new().layer(by_address).layer(authentication).layer(by_customer),
            ),
            Layers::Together(Pair { by_address, by_customer }) => routes.layer(
                ServiceBuilder::new().layer(by_address).layer(authentication).layer(by_customer),
            ),
        }
    }

    /// Shows operators what is decided.
    pub fn show(&self, page: Exposition) -> Exposition {
        let page = page.rate_limit(&self.metrics);
        match &self.redis {
            Some(redis) => page.rate_limit_redis(redis),
            None => page,
        }
    }
}

fn pair(quotas: &Quotas, partner: &Policies, metrics: &RateLimitMetrics) -> Pair<RateLimitLayer> {
    let partner = partner.clone();
    let by_address = RateLimitLayer::new(quotas.address.policy("address"), Key::client_ip());
    let by_customer = RateLimitLayer::new(quotas.guest.policy("guest"), Key::by(customer))
        .policies_for(move |request| is_partner(request).then(|| partner.clone()));
    Pair {
        by_address: by_address.observe(metrics.clone()),
        by_customer: by_customer.observe(metrics.clone()),
    }
}

/// Shows all policies from the start: an alert on denials must see the first one.
fn watched<St: Store>(
    pair: Pair<RateLimitLayer<St>>,
    partner: &Policies,
    metrics: &RateLimitMetrics,
) -> Pair<RateLimitLayer<St>> {
    let (by_address, addresses) = pair.by_address.pair();
    let (by_customer, customers) = pair.by_customer.pair();
    metrics.watch("address", &addresses);
    metrics.watch("customer", &customers);
    metrics.watch_tier(&customers, partner);
    Pair { by_address, by_customer }
}

fn is_partner(request: &Inbound<'_>) -> bool {
    request.extensions.get::<Partner>().is_some()
}

/// Whom a request counts for: a partner wherever it comes from, a guest by the address.
fn customer(request: &Inbound<'_>) -> Option<impl std::hash::Hash + use<>> {
    let partner = request.extensions.get::<Partner>().cloned();
    let address = request.client().map(ClientIp::key).filter(|_| partner.is_none());
    (partner.is_some() || address.is_some()).then_some((partner, address))
}

/// A number of requests, at least 1.
#[derive(Clone, Copy)]
pub struct PerMinute(NonZeroU32);

impl PerMinute {
    /// As many as a policy can count in a minute are far more than any shop can take.
    const MOST: u32 = 1_000_000;

    pub const fn new(requests: NonZeroU32) -> Self {
        Self(requests)
    }

    fn policy(self, name: &str) -> Policy {
        Policy::per_minute(name, self.0.get())
    }
}

impl FromStr for PerMinute {
    type Err = NotPerMinute;

    fn from_str(text: &str) -> Result<Self, NotPerMinute> {
        let requests: NonZeroU32 = text.parse().map_err(|_| NotPerMinute)?;
        if requests.get() > Self::MOST { Err(NotPerMinute) } else { Ok(Self(requests)) }
    }
}

#[derive(Debug)]
pub struct NotPerMinute;

impl FromStr for Shared {
    type Err = ConfigError;

    fn from_str(url: &str) -> Result<Self, ConfigError> {
        let metrics = RedisMetrics::new();
        let redis = Redis::builder(url).prefix("storefront").observe(metrics.clone());
        redis.check()?;
        Ok(Self { redis, metrics })
    }
}

impl Shared {
    /// Sets the secret of the keys. A new secret resets all counts.
    pub fn keyed_by(mut self, secret: KeySecret) -> Self {
        if let Some(secret) = secret.0 {
            self.redis = self.redis.key_secret(secret.as_bytes());
        }
        self
    }
}

impl KeySecret {
    /// 128 bits cannot be guessed.
    const LEAST_BYTES: usize = 16;
}

impl FromStr for KeySecret {
    type Err = NotASecret;

    fn from_str(text: &str) -> Result<Self, NotASecret> {
        if text.len() < Self::LEAST_BYTES { Err(NotASecret) } else { Ok(Self(Some(text.into()))) }
    }
}

#[derive(Debug)]
pub struct NotASecret;

impl Instances {
    pub const fn new(instances: NonZeroU32) -> Self {
        Self(instances)
    }
}

impl FromStr for Instances {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
