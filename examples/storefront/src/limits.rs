//! Rate limits of `/orders`.

use std::{
    num::{NonZeroU32, ParseIntError},
    str::FromStr,
};

use axum::{Router, middleware::from_fn_with_state};
use battlement::{
    client_ip::ClientIp,
    health::Check,
    metrics::{
        Exposition,
        rate_limit::{RateLimitMetrics, RedisMetrics},
    },
    rate_limit::{
        ConfigError, Key, MemoryOr, Policies, Policy, RateLimitLayer, RequestHead,
        redis::{Builder, OnFailure, Redis, RedisStore, Share},
    },
};
use tower::ServiceBuilder;

use crate::{
    concurrency::RequestLimit,
    partner::{Partner, Partners, authenticate},
};

/// Requests of `/orders` per minute.
pub struct Quotas {
    /// Limit of each client address, for guests and partners together.
    pub address: PerMinute,
    /// Limit of a customer without a key.
    pub guest: PerMinute,
    /// Limit of a customer with a key.
    pub partner: PerMinute,
}

/// The Redis in which all instances of this service share their limits.
pub struct Shared {
    redis: Builder,
    metrics: RedisMetrics,
}

/// The secret with which the keys in Redis are hashed. This type does not implement `Debug`.
#[derive(Default)]
pub struct KeySecret(Option<Box<str>>);

/// The number of instances that share the limits.
pub struct Instances(NonZeroU32);

/// The layers around the routes of orders.
#[derive(Clone)]
pub struct Limits {
    layers: Layers,
    /// Decisions of all layers, and their use of memory.
    metrics: RateLimitMetrics,
    redis: Option<InRedis>,
}

/// The Redis of the limits, if there is one.
#[derive(Clone)]
struct InRedis {
    /// Reports whether Redis is available, and what applies if not.
    store: RedisStore,
    /// Commands sent to Redis.
    metrics: RedisMetrics,
}

/// Each instance counts in its own memory, or all of them in Redis.
type Layer = RateLimitLayer<MemoryOr<RedisStore>>;

/// The layers of the limits.
#[derive(Clone)]
struct Layers {
    /// Goes outside authentication, so that it also limits guesses of keys.
    by_address: Layer,
    /// Goes inside authentication, where the customer is known.
    by_customer: Layer,
}

impl Limits {
    /// Creates the layers. The connection to Redis is made in the background, so Redis may be unavailable at startup.
    pub fn new(
        quotas: Quotas,
        shared: Option<Shared>,
        instances: Instances,
    ) -> Result<Self, ConfigError> {
        let metrics = RateLimitMetrics::new();
        let Some(Shared { redis, metrics: commands }) = shared else {
            let layers = Layers::new(&quotas, None, None, &metrics);
            return Ok(Self { layers, metrics, redis: None });
        };
        let redis = redis.build()?;
        // While Redis is unavailable, each instance allows its share, so that together they allow the whole limit.
        let share = OnFailure::LocalFallback { share: Share::one_in(instances.0.get()) };
        let [address, customer] = ["address", "customer"].map(|name| redis.store(name, share));
        let layers = Layers::new(&quotas, Some(address), Some(customer.clone()), &metrics);
        Ok(Self { layers, metrics, redis: Some(InRedis { store: customer, metrics: commands }) })
    }

    /// Wraps routes in the layers. From the outside in: the limit of the address, authentication, the limit of the
    /// customer, the limit of requests in flight.
    pub fn wrap<S>(
        self,
        routes: Router<S>,
        partners: Partners,
        concurrency: RequestLimit,
    ) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let authentication = from_fn_with_state(partners, authenticate);
        routes.layer(
            ServiceBuilder::new()
                .layer(self.layers.by_address)
                .layer(authentication)
                .layer(self.layers.by_customer)
                .layer(concurrency),
        )
    }

    /// Adds the metrics of the limits to the page for operators.
    pub fn add_to(&self, page: Exposition) -> Exposition {
        let page = page.rate_limit(&self.metrics);
        match &self.redis {
            Some(redis) => page.rate_limit_redis(&redis.metrics),
            None => page,
        }
    }

    /// Returns the check of Redis, if the limits are shared in one.
    pub fn check(&self) -> Option<Check> {
        let store = self.redis.as_ref()?.store.clone();
        Some(Check::of_state("redis", move || store.check_state()))
    }
}

impl Layers {
    /// Creates the layers, which count in memory without a store.
    fn new(
        quotas: &Quotas,
        address: Option<RedisStore>,
        customer: Option<RedisStore>,
        metrics: &RateLimitMetrics,
    ) -> Self {
        let partner = Policies::from(quotas.partner.policy("partner"));
        let tier = partner.clone();
        let (by_address, addresses) =
            RateLimitLayer::new(quotas.address.policy("address"), Key::client_ip())
                .store(MemoryOr::from(address))
                .observe(metrics.clone())
                .pair();
        let (by_customer, customers) =
            RateLimitLayer::new(quotas.guest.policy("guest"), Key::by(customer_of))
                .policies_for(move |request| is_partner(request).then(|| tier.clone()))
                .store(MemoryOr::from(customer))
                .observe(metrics.clone())
                .pair();
        // Shows all policies from the start, so that an alert on denied requests sees the first one.
        metrics.watch("address", &addresses);
        metrics.watch("customer", &customers);
        metrics.watch_tier(&customers, &partner);
        Self { by_address, by_customer }
    }
}

fn is_partner(request: &RequestHead<'_>) -> bool {
    request.extensions.get::<Partner>().is_some()
}

/// Returns the key of a request: the partner at any address, or the address of a guest.
fn customer_of(request: &RequestHead<'_>) -> Option<impl std::hash::Hash + use<>> {
    let partner = request.extensions.get::<Partner>().cloned();
    let address = request.client().map(ClientIp::key).filter(|_| partner.is_none());
    (partner.is_some() || address.is_some()).then_some((partner, address))
}

/// A number of requests per minute, at least 1.
#[derive(Clone, Copy)]
pub struct PerMinute(NonZeroU32);

impl PerMinute {
    /// The largest number that a policy can count in a minute, and far more than the shop can serve.
    const MAX: u32 = 1_000_000;

    fn policy(self, name: &str) -> Policy {
        Policy::per_minute(name, self.0.get())
    }
}

impl FromStr for PerMinute {
    type Err = InvalidPerMinute;

    fn from_str(text: &str) -> Result<Self, InvalidPerMinute> {
        let requests: NonZeroU32 = text.parse().map_err(|_| InvalidPerMinute)?;
        if requests.get() > Self::MAX { Err(InvalidPerMinute) } else { Ok(Self(requests)) }
    }
}

#[derive(Debug)]
pub struct InvalidPerMinute;

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
    /// The length of 128 bits, which cannot be guessed.
    const MIN_BYTES: usize = 16;
}

impl FromStr for KeySecret {
    type Err = InvalidKeySecret;

    fn from_str(text: &str) -> Result<Self, InvalidKeySecret> {
        if text.len() < Self::MIN_BYTES {
            Err(InvalidKeySecret)
        } else {
            Ok(Self(Some(text.into())))
        }
    }
}

#[derive(Debug)]
pub struct InvalidKeySecret;

impl FromStr for Instances {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
