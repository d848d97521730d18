//! What customers ask for, what is wrong with it, and what becomes of it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalog;

const MOST_ITEMS: usize = 20;
const MOST_PIECES: u32 = 100;
/// The longest address that mail can be sent to (RFC 5321, section 4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// An order as it arrives: anything at all can stand in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderForm {
    email: String,
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub product_id: String,
    pub quantity: u32,
}

/// An order that can be placed: there are products, they exist, and it is known what they cost.
#[derive(Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub email: String,
    pub items: Vec<Item>,
    pub total_cents: u64,
}

/// An order that has been placed: reserved and paid.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub id: Uuid,
    pub items: Vec<Item>,
    pub total_cents: u64,
}

/// What is wrong with one field: the place is a JSON pointer (RFC 6901) into the request.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub pointer: String,
    pub detail: &'static str,
}

impl OrderForm {
    /// The order, or everything that is wrong with it.
    pub fn check(self) -> Result<NewOrder, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |pointer, detail| errors.push(FieldError { pointer, detail });
        if !looks_like_email(&self.email) {
            wrong("/email".to_owned(), "expected an e-mail address");
        }
        if self.items.is_empty() || self.items.len() > MOST_ITEMS {
            wrong("/items".to_owned(), "expected 1 to 20 items");
        }
        let mut total_cents = 0;
        let mut seen = HashSet::new();
        for (index, item) in self.items.iter().take(MOST_ITEMS).enumerate() {
            match catalog::product(&item.product_id) {
                None => wrong(format!("/items/{index}/product_id"), "there is no such product"),
                Some(product) if !seen.insert(product.id) => {
                    wrong(format!("/items/{index}/product_id"), "the product is listed before");
                }
                Some(product) => {
                    total_cents += u64::from(product.price_cents) * u64::from(item.quantity);
                }
            }
            if !(1..=MOST_PIECES).contains(&item.quantity) {
                wrong(format!("/items/{index}/quantity"), "expected 1 to 100");
            }
        }
        if errors.is_empty() {
            Ok(NewOrder { email: self.email, items: self.items, total_cents })
        } else {
            Err(errors)
        }
    }
}

/// Whether mail arrives is only known by sending some; this finds the slips of the pen.
fn looks_like_email(text: &str) -> bool {
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    plain
        && text.len() <= LONGEST_EMAIL
        && parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(email: &str, items: &[(&str, u32)]) -> OrderForm {
        let items = items.iter().map(|&(id, quantity)| Item { product_id: id.into(), quantity });
        OrderForm { email: email.into(), items: items.collect() }
    }

    #[test]
    fn an_order_costs_what_its_pieces_cost_together() {
        let order = form("ada@example.org", &[("mug", 2), ("teapot", 1)]).check().unwrap();
        assert_eq!(order.total_cents, 2 * 1_200 + 3_800);
    }

    #[test]
    fn everything_wrong_is_told_at_once_and_where() {
        let errors = form("ada", &[("mug", 0), ("mug", 1), ("moon", 101)]).check().unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/email",
                "/items/0/quantity",
                "/items/1/product_id",
                "/items/2/product_id",
                "/items/2/quantity"
            ]
        );
    }

    #[test]
    fn an_order_of_nothing_is_none() {
        assert!(form("ada@example.org", &[]).check().is_err());
    }
}
