use std::collections::{HashMap, HashSet, VecDeque, hash_map::Entry};

use uuid::Uuid;

use crate::{Charge, ChargeRequest, Counts, NotCharged};

/// The number of orders that were voided without a charge and are remembered; the oldest is forgotten first. A charge that
/// arrives after the request that voids it is late by seconds.
const MAX_ORDERS: usize = 100_000;

/// The charges, and the orders that must not be charged anymore.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Each charge that was made, in order.
    charges: Vec<Posted>,
    /// The position of the charge of each order.
    by_order: HashMap<String, usize>,
    /// The orders that were voided without a charge.
    voided: HashSet<String>,
    /// The same orders, the oldest first.
    by_age: VecDeque<String>,
}

#[derive(Debug)]
struct Posted {
    charge: Charge,
    is_voided: bool,
}

impl Book {
    pub(crate) fn charge(&mut self, request: ChargeRequest) -> Result<Charge, NotCharged> {
        if self.voided.contains(&request.order_id) {
            return Err(NotCharged::Voided);
        }
        match self.by_order.entry(request.order_id.clone()) {
            Entry::Occupied(position) => {
                let Posted { charge, is_voided } = &self.charges[*position.get()];
                if *is_voided {
                    Err(NotCharged::Voided)
                } else if charge.request != request {
                    Err(NotCharged::Differs)
                } else {
                    Ok(charge.clone())
                }
            }
            Entry::Vacant(free) => {
                free.insert(self.charges.len());
                let charge = Charge { id: Uuid::now_v7(), request };
                self.charges.push(Posted { charge: charge.clone(), is_voided: false });
                Ok(charge)
            }
        }
    }

    /// Voids the charge of an order, or remembers not to charge it. Returns whether a charge was voided now.
    pub(crate) fn void(&mut self, order_id: &str) -> bool {
        if let Some(position) = self.by_order.get(order_id) {
            return !std::mem::replace(&mut self.charges[*position].is_voided, true);
        }
        if self.voided.insert(order_id.to_owned()) {
            self.by_age.push_back(order_id.to_owned());
        }
        if self.by_age.len() > MAX_ORDERS
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.voided.remove(&oldest);
        }
        false
    }

    pub(crate) fn counts(&self) -> Counts {
        let kept = self.charges.iter().filter(|posted| !posted.is_voided);
        let orders: HashSet<_> = kept.clone().map(|it| &it.charge.request.order_id).collect();
        Counts { charges: kept.count(), orders: orders.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(order: &str) -> ChargeRequest {
        let receipt_email = "ada@example.org".to_owned();
        ChargeRequest { order_id: order.to_owned(), amount_cents: 2_400, receipt_email }
    }

    #[test]
    fn a_charge_is_voided_once_and_is_not_made_again() {
        let mut book = Book::default();
        book.charge(request("kept")).unwrap();
        book.charge(request("failed")).unwrap();
        assert!(book.void("failed"));
        assert!(!book.void("failed"));
        assert_eq!(book.charge(request("failed")), Err(NotCharged::Voided));
        assert_eq!(book.counts(), Counts { charges: 1, orders: 1 });
    }

    #[test]
    fn an_order_that_was_voided_first_is_not_charged() {
        let mut book = Book::default();
        assert!(!book.void("late"));
        assert_eq!(book.charge(request("late")), Err(NotCharged::Voided));
        assert_eq!(book.counts(), Counts { charges: 0, orders: 0 });
    }

    #[test]
    fn the_oldest_order_without_a_charge_is_forgotten_at_the_maximum() {
        let mut book = Book::default();
        for order in 0..MAX_ORDERS {
            book.void(&order.to_string());
        }
        // A repeated request takes no place.
        book.void("0");
        assert_eq!(book.charge(request("0")), Err(NotCharged::Voided));
        book.void("last");
        assert!(book.charge(request("0")).is_ok());
        assert_eq!(book.charge(request("1")), Err(NotCharged::Voided));
        assert_eq!((book.voided.len(), book.by_age.len()), (MAX_ORDERS, MAX_ORDERS));
    }
}
