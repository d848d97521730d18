//! The charges of all orders.

use std::{
    fmt,
    num::NonZeroU64,
    sync::{Mutex, MutexGuard, PoisonError},
};

use battlement::problem::Problem;
use http::StatusCode;
use serde::Serialize;

use crate::{Charge, ChargeRequest, book::Book};

const MAX_ORDER_ID_BYTES: usize = 64;
/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, without the brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// The reason why an order was not charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCharged {
    Malformed(&'static str),
    /// The amount is above the limit, as a card that the bank declines.
    Declined,
    /// The same order was charged before with other values.
    Differs,
    /// The charge of the order was voided, so this request is late.
    Voided,
}

/// The charges, in memory: a real service would use a database.
#[derive(Debug)]
pub struct Ledger {
    limit_cents: NonZeroU64,
    book: Mutex<Book>,
}

/// The size of a ledger. The numbers are equal unless an order was charged twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The charges that were made and not voided.
    pub charges: usize,
    /// The distinct orders among these charges.
    pub orders: usize,
}

impl Ledger {
    /// The default limit of one charge: 1,000.00.
    pub const LIMIT_CENTS: NonZeroU64 = NonZeroU64::new(100_000).expect("100,000 is not zero");

    #[must_use]
    pub fn new(limit_cents: NonZeroU64) -> Self {
        Self { limit_cents, book: Mutex::default() }
    }

    /// Charges an order once. A repeated request, for example after a lost response, returns the same charge.
    pub fn charge(&self, request: ChargeRequest) -> Result<Charge, NotCharged> {
        check_order_id(&request.order_id)?;
        if request.receipt_email.len() > MAX_EMAIL_BYTES {
            return Err(NotCharged::Malformed("receipt_email must have at most 254 bytes"));
        }
        if request.amount_cents == 0 {
            return Err(NotCharged::Malformed("amount_cents must be at least 1"));
        }
        if request.amount_cents > self.limit_cents.get() {
            return Err(NotCharged::Declined);
        }
        self.book().charge(request)
    }

    /// Voids the charge of an order, for a caller that does not know whether the order was charged. Returns whether a
    /// charge was voided now. A repeated request voids nothing more, and a charge that arrives later is not made.
    pub fn void(&self, order_id: &str) -> Result<bool, NotCharged> {
        check_order_id(order_id)?;
        Ok(self.book().void(order_id))
    }

    /// Counts the charges and their orders. Reads every charge, so that the counts show an order that was charged twice.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.book().counts()
    }

    /// Locks the book. No code panics while it holds the lock, so the data behind a poisoned lock is sound.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_order_id(order_id: &str) -> Result<(), NotCharged> {
    if order_id.is_empty() || order_id.len() > MAX_ORDER_ID_BYTES {
        return Err(NotCharged::Malformed("order_id must have 1 to 64 bytes"));
    }
    Ok(())
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
            Self::Voided => "the charge of the order has been voided",
        })
    }
}

impl From<NotCharged> for Problem {
    fn from(reason: NotCharged) -> Self {
        let (status, code) = match reason {
            NotCharged::Malformed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_charge"),
            NotCharged::Declined => (StatusCode::PAYMENT_REQUIRED, "declined"),
            NotCharged::Differs => (StatusCode::CONFLICT, "already_charged"),
            NotCharged::Voided => (StatusCode::CONFLICT, "voided"),
        };
        Self::new(status, code).detail(reason.to_string())
    }
}
