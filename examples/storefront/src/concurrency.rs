//! The limits of requests and calls in flight.

use std::{str::FromStr, time::Duration};

use battlement::{
    concurrency_limit::{ConcurrencyLimitLayer, Http, QueuedConcurrencyLimitLayer, WithError},
    metrics::{Exposition, concurrency_limit::ConcurrencyLimitMetrics},
};

/// The layer around the routes.
pub type RequestLimit = QueuedConcurrencyLimitLayer;

/// The layer around the attempts at calls of one service.
pub type Bulkhead = QueuedConcurrencyLimitLayer<Http<WithError>>;

/// The limits, and their metrics.
pub struct Concurrency {
    limit: InFlight,
    metrics: ConcurrencyLimitMetrics,
}

/// The number of calls of one service in flight. A service that turns slow then keeps no more requests of this one busy.
const CALLS: usize = 16;

/// The number of requests or calls that may wait, and for how long: a burst passes, and under lasting overload no customer
/// waits for long to be rejected.
const WAITING: usize = 64;
const WAIT: Duration = Duration::from_millis(100);

impl Concurrency {
    pub fn new(limit: InFlight) -> Self {
        Self { limit, metrics: ConcurrencyLimitMetrics::new() }
    }

    /// Returns the layer around the routes, which all of them share.
    ///
    /// Under overload, requests of products and pages are rejected before any order: a free permit goes to an order that
    /// waits, an order takes the place of such a request in a full queue, and a fifth of the limit is reserved for orders.
    pub fn requests(&self) -> RequestLimit {
        let name = "storefront";
        let layer = match self.limit {
            InFlight::AtMost(limit) => ConcurrencyLimitLayer::fixed(limit),
            InFlight::Adaptive => ConcurrencyLimitLayer::adaptive(),
            InFlight::Unlimited => ConcurrencyLimitLayer::fixed(1).enabled(false),
        };
        let (layer, handle) = layer
            .name(name)
            .classes([("orders", 0.2), ("browsing", 0.0)])
            .class(|head| if is_order(head.uri.path()) { "orders" } else { "browsing" })
            .observe(self.metrics.limiter(name))
            .queue(WAITING, WAIT)
            .pair();
        self.metrics.watch(name, &handle);
        layer
    }

    /// Returns the layer around the attempts at calls of `service`.
    pub fn around(&self, service: &'static str) -> Bulkhead {
        let (layer, handle) = bulkhead(service)
            .enabled(self.limit != InFlight::Unlimited)
            .observe(self.metrics.limiter(service))
            .queue(WAITING, WAIT)
            .pair();
        self.metrics.watch(service, &handle);
        layer
    }

    /// Returns a layer that does not reject calls, for those that undo others: they are few, and nothing else does their
    /// work.
    pub fn none() -> Bulkhead {
        bulkhead("none").enabled(false).queue(WAITING, WAIT)
    }

    /// Adds the metrics of the limits to the page for operators.
    pub fn add_to(&self, page: Exposition) -> Exposition {
        page.concurrency_limit(&self.metrics)
    }
}

fn bulkhead(service: &'static str) -> ConcurrencyLimitLayer<Http<WithError>> {
    ConcurrencyLimitLayer::fixed(CALLS).as_error().name(service)
}

fn is_order(path: &str) -> bool {
    path == "/orders" || path.starts_with("/orders/")
}

/// The limit of requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    AtMost(usize),
    /// The limit follows the latency.
    Adaptive,
    /// Neither requests nor calls are limited.
    Unlimited,
}

impl InFlight {
    pub const EXPECTED: &str = "a number of requests, from 1 to 1000000; adaptive; or off";
    /// Far more than the shop can serve at once.
    const MAX: usize = 1_000_000;
}

impl FromStr for InFlight {
    type Err = InvalidInFlight;

    fn from_str(text: &str) -> Result<Self, InvalidInFlight> {
        match text {
            "adaptive" => Ok(Self::Adaptive),
            "off" => Ok(Self::Unlimited),
            _ => match text.parse() {
                Ok(limit @ 1..=Self::MAX) => Ok(Self::AtMost(limit)),
                _ => Err(InvalidInFlight),
            },
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct InvalidInFlight;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_number_or_a_word() {
        assert_eq!("1".parse(), Ok(InFlight::AtMost(1)));
        assert_eq!("1000000".parse(), Ok(InFlight::AtMost(1_000_000)));
        assert_eq!("adaptive".parse(), Ok(InFlight::Adaptive));
        assert_eq!("off".parse(), Ok(InFlight::Unlimited));
        for text in ["", "0", "-1", "1000001", "Adaptive", "none", "256 requests"] {
            assert_eq!(text.parse::<InFlight>(), Err(InvalidInFlight), "{text}");
        }
    }

    #[test]
    fn every_limit_that_can_be_set_makes_a_layer() {
        for limit in ["1", "1000000", "adaptive", "off"] {
            let concurrency = Concurrency::new(limit.parse().unwrap());
            drop((concurrency.requests(), concurrency.around("payments")));
        }
    }

    #[test]
    fn orders_are_a_class_of_their_own() {
        assert!(["/orders", "/orders/1"].map(is_order).iter().all(|yes| *yes));
        assert!(!["/", "/products/orders", "/ordersheet"].map(is_order).iter().any(|yes| *yes));
    }
}
