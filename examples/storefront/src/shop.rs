//! Places orders: reserve, charge, store.

use std::fmt;

use battlement::request_id::carry;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::{
    in_flight::InFlight,
    order::{NewOrder, Order},
    sales::Sales,
    store::Orders,
    upstream::{CallFailed, Inventory, Payments},
};

pub struct Shop {
    pub orders: Orders,
    pub in_flight: InFlight,
    inventory: Inventory,
    payments: Payments,
    sales: Sales,
}

/// The outcomes of orders, as values of a label.
pub const OUTCOMES: [&str; 9] = [
    "placed",
    "out_of_stock",
    "payment_declined",
    "upstream_failed",
    "upstream_timeout",
    "timeout",
    "circuit_open",
    "overloaded",
    "stopping",
];

/// The reason why an order was not placed.
#[derive(Debug)]
pub enum NotPlaced {
    /// Insufficient stock of a product; the text names it and can be shown to customers.
    OutOfStock(String),
    PaymentDeclined,
    /// A call of another service has no result.
    CallFailed(CallFailed),
    /// This process is stopping.
    Stopping,
}

impl Shop {
    pub fn new(
        inventory: Inventory,
        payments: Payments,
        sales: Sales,
        in_flight: InFlight,
    ) -> Self {
        Self { orders: Orders::default(), in_flight, inventory, payments, sales }
    }

    /// Returns the pieces left of a product.
    pub async fn stock(&self, product_id: &str) -> Result<u32, CallFailed> {
        let available = self.inventory.available(product_id).await;
        available.inspect_err(|reason| match reason {
            // The breaker has logged why it is open.
            CallFailed::CircuitOpen { .. } => {
                debug!(product = product_id, %reason, "stock not known")
            }
            _ => warn!(product = product_id, %reason, cause = reason.cause(), "stock not known"),
        })
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
            () = self.in_flight.ending() => Err(NotPlaced::Stopping),
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
            let release = async {
                if progress.may_be_reserved {
                    sales.set_stock(inventory.release(id).await);
                }
            };
            let void = async {
                if progress.may_be_charged {
                    payments.void(id).await;
                }
            };
            tokio::join!(release, void);
        };
        self.in_flight.undo(carry(undone));
    }

    /// Reserves stock before it charges, since a charge is harder to undo.
    async fn reserve_and_charge(
        &self,
        id: Uuid,
        new: &NewOrder,
        progress: &mut Progress,
    ) -> Result<(), NotPlaced> {
        progress.may_be_reserved = true;
        let reserved = self.inventory.reserve(id, &new.items).await;
        progress.may_be_reserved = reserved.as_ref().err().is_none_or(NotPlaced::may_be_done);
        self.sales.set_stock(reserved?);
        progress.may_be_charged = true;
        let charged = self.payments.charge(id, new.total_cents, &new.email).await;
        progress.may_be_charged = charged.as_ref().err().is_none_or(NotPlaced::may_be_done);
        charged
    }
}

/// The progress of an order, by which it is undone.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Whether inventory was called.
    may_be_reserved: bool,
    /// Whether payments was called and has not declined.
    may_be_charged: bool,
}

impl NotPlaced {
    /// Returns the outcome of the order, one of [`OUTCOMES`].
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::OutOfStock(_) => "out_of_stock",
            Self::PaymentDeclined => "payment_declined",
            Self::CallFailed(CallFailed::Failed(..)) => "upstream_failed",
            Self::CallFailed(CallFailed::TimedOut(_)) => "upstream_timeout",
            Self::CallFailed(CallFailed::DeadlinePassed) => "timeout",
            Self::CallFailed(CallFailed::CircuitOpen { .. }) => "circuit_open",
            Self::CallFailed(CallFailed::Overloaded { .. }) => "overloaded",
            Self::Stopping => "stopping",
        }
    }

    /// Returns whether the customer caused the failure, so that an operator has nothing to do.
    const fn is_caused_by_customer(&self) -> bool {
        matches!(self, Self::OutOfStock(_) | Self::PaymentDeclined)
    }

    /// Returns whether the service that was called last may have done its part.
    const fn may_be_done(&self) -> bool {
        match self {
            Self::PaymentDeclined => false,
            Self::CallFailed(reason) => reason.may_be_done(),
            _ => true,
        }
    }
}

impl From<CallFailed> for NotPlaced {
    fn from(reason: CallFailed) -> Self {
        Self::CallFailed(reason)
    }
}

impl fmt::Display for NotPlaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfStock(detail) => f.write_str(detail),
            Self::PaymentDeclined => f.write_str("the payment was declined"),
            Self::CallFailed(reason) => reason.fmt(f),
            Self::Stopping => f.write_str("the shop is restarting; try again"),
        }
    }
}
