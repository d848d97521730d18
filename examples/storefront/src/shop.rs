//! Places orders: reserve, charge, store.

use std::fmt;

use battlement::request_id::carry;
use tower::BoxError;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    in_flight::InFlight,
    order::{NewOrder, Order},
    sales::Sales,
    store::Orders,
    upstream::{Inventory, Payments},
};

pub struct Shop {
    pub orders: Orders,
    pub in_flight: InFlight,
    inventory: Inventory,
    payments: Payments,
    sales: Sales,
}

/// The outcomes of orders, as values of a label.
pub const OUTCOMES: [&str; 7] = [
    "placed",
    "out_of_stock",
    "payment_declined",
    "upstream_failed",
    "upstream_timeout",
    "timeout",
    "stopping",
];

/// The reason why an order was not placed.
#[derive(Debug)]
pub enum NotPlaced {
    /// Insufficient stock of a product; the text names it and can be shown to customers.
    OutOfStock(String),
    PaymentDeclined,
    /// The named service failed or could not be reached; the error is for the log.
    Failed(&'static str, BoxError),
    /// The named service did not respond within the limit of one call.
    TimedOut(&'static str),
    /// The deadline of the request passed.
    DeadlinePassed,
    /// This process is stopping.
    Stopping,
}

impl Shop {
    pub fn new(inventory: Inventory, payments: Payments, sales: Sales) -> Self {
        let (orders, in_flight) = Default::default();
        Self { orders, in_flight, inventory, payments, sales }
    }

    /// Returns the pieces left of a product, or `None` if inventory does not tell in time: a customer can read about a
    /// product while inventory is unavailable.
    pub async fn stock(&self, product_id: &str) -> Option<u32> {
        let available = self.inventory.available(product_id).await;
        available
            .inspect_err(|status| {
                let (code, reason) = (status.code(), status.message());
                warn!(product = product_id, ?code, reason, "stock not known");
            })
            .ok()
    }

    pub async fn place(&self, new: NewOrder) -> Result<Order, NotPlaced> {
        let placed = self.place_or_undo(new).await;
        self.sales.record(&placed);
        placed
    }

    async fn place_or_undo(&self, new: NewOrder) -> Result<Order, NotPlaced> {
        // Generated here and not by the other services: they recognize a repeated order by this id.
        let id = Uuid::now_v7();
        let mut progress = Progress::default();
        let placed = tokio::select! {
            biased;
            () = self.in_flight.undo() => Err(NotPlaced::Stopping),
            placed = self.reserve_and_charge(id, &new, &mut progress) => placed,
        };
        if let Err(reason) = placed {
            if reason.is_caused_by_customer() {
                info!(order = %id, %reason, "order not placed");
            } else {
                warn!(order = %id, %reason, "order not placed");
            }
            self.undo(id, progress);
            return Err(reason);
        }
        let order = Order { id, items: new.items, total_cents: new.total_cents };
        self.orders.insert(order.clone());
        info!(order = %id, cents = order.total_cents, "order placed");
        Ok(order)
    }

    /// Releases the stock of an order and voids its charge in the background, so that the customer does not wait for it.
    ///
    /// Also if the reservation or the charge has failed, since it may have been made and its response been lost. Both
    /// services recognize the order by its id, and a call that arrives after it was undone has no effect.
    fn undo(&self, id: Uuid, progress: Progress) {
        let (inventory, payments, sales) =
            (self.inventory.clone(), self.payments.clone(), self.sales.clone());
        let undone = async move {
            let release = async { sales.set_stock(inventory.release(id).await) };
            let void = async {
                if progress.may_be_charged {
                    payments.void(id).await;
                }
            };
            tokio::join!(release, void);
        };
        self.in_flight.spawn(carry(undone));
    }

    /// Reserves stock before it charges, since a charge is harder to undo.
    async fn reserve_and_charge(
        &self,
        id: Uuid,
        new: &NewOrder,
        progress: &mut Progress,
    ) -> Result<(), NotPlaced> {
        self.sales.set_stock(self.inventory.reserve(id, &new.items).await?);
        progress.may_be_charged = true;
        let charged = self.payments.charge(id, new.total_cents, &new.email).await;
        progress.may_be_charged = !matches!(charged, Err(NotPlaced::PaymentDeclined));
        charged
    }
}

/// The progress of an order, by which it is undone.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Whether payments was called and has not declined.
    may_be_charged: bool,
}

impl NotPlaced {
    /// Returns the outcome of the order, one of [`OUTCOMES`].
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::OutOfStock(_) => "out_of_stock",
            Self::PaymentDeclined => "payment_declined",
            Self::Failed(..) => "upstream_failed",
            Self::TimedOut(_) => "upstream_timeout",
            Self::DeadlinePassed => "timeout",
            Self::Stopping => "stopping",
        }
    }

    /// Returns whether the customer caused the failure, so that an operator has nothing to do.
    const fn is_caused_by_customer(&self) -> bool {
        matches!(self, Self::OutOfStock(_) | Self::PaymentDeclined)
    }
}

impl fmt::Display for NotPlaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfStock(detail) => f.write_str(detail),
            Self::PaymentDeclined => f.write_str("the payment was declined"),
            Self::Failed(upstream, _) => write!(f, "{upstream} failed"),
            Self::TimedOut(upstream) => write!(f, "{upstream} did not respond in time"),
            Self::DeadlinePassed => f.write_str("the request took too long"),
            Self::Stopping => f.write_str("the shop is restarting; try again"),
        }
    }
}
