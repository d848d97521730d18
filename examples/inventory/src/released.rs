use std::collections::{HashMap, VecDeque};

use crate::Line;

/// The number of orders that are remembered; the oldest is forgotten first. At one failed order a second, that takes a
/// day, and a request of its caller is late by seconds.
const MAX_ORDERS: usize = 100_000;

/// The orders that were released last, so that a late request to reserve one of them takes no stock.
#[derive(Debug, Default)]
pub(crate) struct Released {
    lines: HashMap<String, Vec<Line>>,
    /// The same orders, the oldest first.
    by_age: VecDeque<String>,
}

impl Released {
    /// Remembers an order that was not released before.
    pub(crate) fn insert(&mut self, order_id: &str, lines: Vec<Line>) {
        if self.by_age.len() == MAX_ORDERS
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.lines.remove(&oldest);
        }
        self.lines.insert(order_id.to_owned(), lines);
        self.by_age.push_back(order_id.to_owned());
    }

    /// Returns the lines of an order that was released, none of which there may be.
    pub(crate) fn lines(&self, order_id: &str) -> Option<&[Line]> {
        self.lines.get(order_id).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_order_is_forgotten_at_the_maximum() {
        let mut released = Released::default();
        for order in 0..MAX_ORDERS {
            released.insert(&order.to_string(), Vec::new());
        }
        assert!(released.lines("0").is_some());
        released.insert("last", Vec::new());
        assert_eq!(released.lines("0"), None);
        assert_eq!([released.lines("1"), released.lines("last")], [Some(&[][..]); 2]);
        assert_eq!((released.lines.len(), released.by_age.len()), (MAX_ORDERS, MAX_ORDERS));
    }
}
