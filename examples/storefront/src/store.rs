//! Stores orders in memory, so that no database must be installed. They are lost when the process ends.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use uuid::Uuid;

use crate::order::Order;

/// The orders by id. Each order holds some of a limited stock, which bounds their number.
#[derive(Debug, Default)]
pub struct Orders {
    by_id: RwLock<HashMap<Uuid, Order>>,
}

impl Orders {
    pub fn insert(&self, order: Order) {
        // No code panics while it holds the lock, so the data behind a poisoned lock is sound.
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        by_id.insert(order.id, order);
    }

    pub fn find(&self, id: Uuid) -> Option<Order> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}
