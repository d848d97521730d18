//! How an order is placed: reserve, charge, keep.

use std::fmt;

use tower::BoxError;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    in_flight::InFlight,
    order::{NewOrder, Order},
    store::Orders,
    upstream::{Inventory, Payments},
};

pub struct Shop {
    pub orders: Orders,
    pub in_flight: InFlight,
    inventory: Inventory,
    payments: Payments,
}

/// Why an order was not placed.
#[derive(Debug)]
pub enum Refused {
    /// Too little is left; the text says of what, and can be shown to customers.
    OutOfStock(String),
    PaymentDeclined,
    /// The named service has failed us, or could not be reached; for the log, why.
    Failed(&'static str, BoxError),
    /// The named service took too long.
    TimedOut(&'static str),
    /// This process is about to end.
    Stopping,
}

impl Shop {
    pub fn new(inventory: Inventory, payments: Payments) -> Self {
        Self { orders: Orders::default(), in_flight: InFlight::default(), inventory, payments }
    }

    pub async fn place(&self, new: NewOrder) -> Result<Order, Refused> {
        // Made here and not by the upstreams: by this id they recognise an order that they have seen.
        let id = Uuid::now_v7();
        let placed = tokio::select! {
            biased;
            () = self.in_flight.undo() => Err(Refused::Stopping),
            placed = self.reserve_and_charge(id, &new) => placed,
        };
        if let Err(refused) = placed {
            if refused.is_up_to_the_customer() {
                info!(order = %id, %refused, "order not placed");
            } else {
                warn!(order = %id, %refused, "order not placed");
            }
            // Also when the reservation itself failed: it may have been made, and its answer lost. (So may
            // a charge, of which the line above leaves the order's id for the books to be put right.)
            self.inventory.release(id).await;
            return Err(refused);
        }
        let order = Order { id, items: new.items, total_cents: new.total_cents };
        self.orders.insert(order.clone());
        info!(order = %id, cents = order.total_cents, "order placed");
        Ok(order)
    }

    /// Stock first: money is harder to give back than mugs.
    async fn reserve_and_charge(&self, id: Uuid, new: &NewOrder) -> Result<(), Refused> {
        self.inventory.reserve(id, &new.items).await?;
        self.payments.charge(id, new.total_cents, &new.email).await
    }
}

impl Refused {
    /// Whether nothing is wrong with the services: an operator has nothing to look after.
    const fn is_up_to_the_customer(&self) -> bool {
        matches!(self, Self::OutOfStock(_) | Self::PaymentDeclined)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfStock(what) => f.write_str(what),
            Self::PaymentDeclined => f.write_str("the payment was declined"),
            Self::Failed(upstream, _) => write!(f, "{upstream} failed"),
            Self::TimedOut(upstream) => write!(f, "{upstream} took too long"),
            Self::Stopping => f.write_str("the shop is restarting, try again"),
        }
    }
}
