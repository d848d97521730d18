//! Where orders are kept. In memory, so that there is nothing to install: they end with the process.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use uuid::Uuid;

use crate::order::Order;

/// Each order has taken some of a limited stock, which bounds how many there can be.
#[derive(Debug, Default)]
pub struct Orders {
    by_id: RwLock<HashMap<Uuid, Order>>,
}

impl Orders {
    pub fn insert(&self, order: Order) {
        // No code panics while it holds the lock, so a poisoned one holds sound data.
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        by_id.insert(order.id, order);
    }

    pub fn find(&self, id: Uuid) -> Option<Order> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}
