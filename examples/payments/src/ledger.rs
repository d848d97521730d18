//! The charges of all orders.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    num::NonZeroU64,
    sync::{Mutex, PoisonError},
};

use battlement::problem::Problem;
use http::StatusCode;
use uuid::Uuid;

use crate::{Charge, ChargeRequest};

const MAX_ORDER_ID_BYTES: usize = 64;

/// The reason why an order was not charged.
#[derive(Debug, PartialEq, Eq)]
pub enum NotCharged {
    Malformed(&'static str),
    /// The amount is above the limit, as a card that the bank declines.
    Declined,
    /// The same order was charged before with other values.
    Differs,
}

/// The charges, in memory: a real service would use a database.
#[derive(Debug)]
pub struct Ledger {
    limit_cents: NonZeroU64,
    by_order: Mutex<HashMap<String, Charge>>,
}

impl Ledger {
    /// The default limit of one charge: 1,000.00.
    pub const LIMIT_CENTS: NonZeroU64 = NonZeroU64::new(100_000).expect("100,000 is not zero");

    #[must_use]
    pub fn new(limit_cents: NonZeroU64) -> Self {
        Self { limit_cents, by_order: Mutex::default() }
    }

    /// Charges an order once. A repeated request, for example after a lost response, returns the same charge.
    pub fn charge(&self, request: ChargeRequest) -> Result<Charge, NotCharged> {
        if request.order_id.is_empty() || request.order_id.len() > MAX_ORDER_ID_BYTES {
            return Err(NotCharged::Malformed("order_id must have 1 to 64 bytes"));
        }
        if request.amount_cents == 0 {
            return Err(NotCharged::Malformed("amount_cents must be at least 1"));
        }
        if request.amount_cents > self.limit_cents.get() {
            return Err(NotCharged::Declined);
        }
        // No code panics while it holds the lock, so the data behind a poisoned lock is sound.
        let mut by_order = self.by_order.lock().unwrap_or_else(PoisonError::into_inner);
        match by_order.entry(request.order_id.clone()) {
            Entry::Occupied(charge) if charge.get().request == request => Ok(charge.get().clone()),
            Entry::Occupied(_) => Err(NotCharged::Differs),
            Entry::Vacant(free) => Ok(free.insert(Charge { id: Uuid::now_v7(), request }).clone()),
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new(Self::LIMIT_CENTS)
    }
}

impl fmt::Display for NotCharged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(expected) => expected,
            Self::Declined => "the amount is above the limit of one charge",
            Self::Differs => "the order has already been charged with other values",
        })
    }
}

impl From<NotCharged> for Problem {
    fn from(reason: NotCharged) -> Self {
        let (status, code) = match reason {
            NotCharged::Malformed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_charge"),
            NotCharged::Declined => (StatusCode::PAYMENT_REQUIRED, "declined"),
            NotCharged::Differs => (StatusCode::CONFLICT, "already_charged"),
        };
        Self::new(status, code).detail(reason.to_string())
    }
}
