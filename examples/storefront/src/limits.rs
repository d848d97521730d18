//! How much of `/orders` each customer may ask.

use std::{num::NonZeroU32, str::FromStr};

use battlement::{
    client_ip::ClientIp,
    metrics::rate_limit::RateLimitMetrics,
    rate_limit::{Inbound, Key, Policies, Policy, RateLimitLayer},
};

use crate::partner::Partner;

/// What each may ask in a minute.
pub struct Quotas {
    /// From one address, whoever it is.
    pub address: PerMinute,
    /// A customer without a key.
    pub guest: PerMinute,
    /// A customer with one.
    pub partner: PerMinute,
}

/// The two layers; where they stand, `routes/mod.rs` says.
#[derive(Clone)]
pub struct Limits {
    /// Goes outside of authentication: nobody tries keys faster than this.
    pub by_address: RateLimitLayer,
    /// Goes inside of it, where it is known whose request it is.
    pub by_customer: RateLimitLayer,
    /// What both decide and keep.
    pub metrics: RateLimitMetrics,
}

impl Limits {
    pub fn new(quotas: Quotas) -> Self {
        let metrics = RateLimitMetrics::new();
        let (by_address, addresses) =
            RateLimitLayer::new(quotas.address.policy("address"), Key::client_ip())
                .observe(metrics.clone())
                .pair();
        let partner = Policies::from(quotas.partner.policy("partner"));
        let (by_customer, customers) =
            RateLimitLayer::new(quotas.guest.policy("guest"), Key::by(customer))
                .policies_for(move |request| is_partner(request).then(|| partner.clone()))
                .observe(metrics.clone())
                .pair();
        metrics.watch("address", &addresses);
        metrics.watch("customer", &customers);
        Self { by_address, by_customer, metrics }
    }
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
