//! Who has been charged for what.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    num::NonZeroU64,
    sync::{Mutex, PoisonError},
};

use uuid::Uuid;

use crate::{Charge, ChargeRequest};

const LONGEST_ORDER_ID: usize = 64;

/// Why nothing was charged.
#[derive(Debug, PartialEq, Eq)]
pub enum NotCharged {
    Malformed(&'static str),
    /// More than is charged at once: it stands for the card that the bank refuses.
    Declined,
    /// The same order was charged before, and for something else.
    Differs,
}

/// The charges in memory: a real service would keep them in a database, and never forget one.
#[derive(Debug)]
pub struct Ledger {
    limit_cents: NonZeroU64,
    by_order: Mutex<HashMap<String, Charge>>,
}

impl Ledger {
    /// The largest amount that is charged at once if nothing else is said: 1,000.00.
    pub const LIMIT_CENTS: NonZeroU64 = NonZeroU64::new(100_000).expect("it is not zero");

    #[must_use]
    pub fn new(limit_cents: NonZeroU64) -> Self {
        Self { limit_cents, by_order: Mutex::default() }
    }

    /// Charges an order once. Asked again, because its answer got lost, it gives the same answer again.
    pub fn charge(&self, request: ChargeRequest) -> Result<Charge, NotCharged> {
        if request.order_id.is_empty() || request.order_id.len() > LONGEST_ORDER_ID {
            return Err(NotCharged::Malformed("order_id must have 1 to 64 bytes"));
        }
        if request.amount_cents == 0 {
            return Err(NotCharged::Malformed("amount_cents must be above 0"));
        }
        if request.amount_cents > self.limit_cents.get() {
            return Err(NotCharged::Declined);
        }
        // No code panics while it holds the lock, so a poisoned one holds sound data.
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
            Self::Declined => "the amount is above what may be charged at once",
            Self::Differs => "the order has been charged already, with other particulars",
        })
    }
}

impl std::error::Error for NotCharged {}
