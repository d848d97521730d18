use std::collections::{HashMap, hash_map::Entry};

use battlement_core::IpKey;

use super::sync::{Mutex, lock};

/// The numbers of connections of each client that has any.
///
/// A client has an entry only while it has a connection, so that the map is never larger than the limit of the server.
#[derive(Debug)]
pub(super) struct Clients {
    limit: usize,
    open: Mutex<HashMap<IpKey, usize>>,
}

impl Clients {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, open: Mutex::new(HashMap::new()) }
    }

    /// Counts a connection, if the client is below its limit.
    pub(super) fn enter(&self, client: IpKey) -> bool {
        let mut open = lock(&self.open);
        // A rejected client has an entry already.
        let count = open.entry(client).or_default();
        let is_admitted = *count < self.limit;
        *count += usize::from(is_admitted);
        is_admitted
    }

    pub(super) fn leave(&self, client: IpKey) {
        if let Entry::Occupied(mut entry) = lock(&self.open).entry(client) {
            match entry.get() {
                0 | 1 => drop(entry.remove()),
                _ => *entry.get_mut() -= 1,
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.open).is_empty()
    }
}
