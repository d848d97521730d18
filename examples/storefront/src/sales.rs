//! Metrics of the business, made with prometheus-client: orders by outcome, their value, and the stock.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::{
    order::Order,
    proto::Line,
    shop::{NotPlaced, OUTCOMES},
};

/// Upper bounds of order values, in euros.
const VALUES: [f64; 7] = [10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0];

/// The metrics. Clones share the same counts.
#[derive(Clone, Debug)]
pub struct Sales {
    orders: Family<[(&'static str, &'static str); 1], Counter>,
    value: Histogram,
    stock: Family<[(&'static str, String); 1], Gauge>,
}

impl Sales {
    pub fn new() -> Self {
        let orders = Family::default();
        // Shown as 0 from the start, so that an alert on failed orders sees the first failure.
        for outcome in OUTCOMES {
            drop(orders.get_or_create(&[("outcome", outcome)]));
        }
        Self { orders, value: Histogram::new(VALUES), stock: Family::default() }
    }

    /// Returns a registry for the page of metrics.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("shop");
        registry.register("orders", "Orders by outcome", self.orders.clone());
        registry.register("order_value_euros", "Value of placed orders", self.value.clone());
        let stock = "Pieces left of each product, as of its last reservation or release";
        registry.register("stock_pieces", stock, self.stock.clone());
        registry
    }

    pub fn record(&self, placed: &Result<Order, NotPlaced>) {
        let outcome = placed.as_ref().map_or_else(NotPlaced::outcome, |_| "placed");
        self.orders.get_or_create(&[("outcome", outcome)]).inc();
        if let Ok(order) = placed {
            // Exact below 90 trillion euros.
            self.value.observe(order.total_cents as f64 / 100.0);
        }
    }

    /// Sets the stock of the products that inventory has reported.
    pub fn set_stock(&self, left: Vec<Line>) {
        for Line { product_id, quantity } in left {
            self.stock.get_or_create(&[("product", product_id)]).set(quantity.into());
        }
    }
}
