use std::{
    ops::{Index, IndexMut},
    task::Waker,
};

use super::wait_time::WaitTime;

/// The waiters of a queue, in slots that are used again.
///
/// The number of slots is that of the most waiters at one time, so a waiter allocates nothing once there were as many
/// before.
#[derive(Default)]
pub(super) struct Slab {
    slots: Vec<Waiter>,
    free: Vec<usize>,
    arrivals: u64,
}

/// A request that waits, or that has a permit which it has not taken yet.
pub(super) struct Waiter {
    /// The number of the arrival, or 0 if the slot is free.
    arrival: u64,
    pub(super) class: usize,
    pub(super) wait: WaitTime,
    pub(super) waker: Option<Waker>,
    /// Whether the waiter has a permit, and is no longer in the list of its class.
    pub(super) is_granted: bool,
    pub(super) older: Option<usize>,
    pub(super) newer: Option<usize>,
}

/// The identity of a waiter. A slot that is used again does not have the key of its former waiter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    slot: usize,
    arrival: u64,
}

impl Slab {
    /// Adds a waiter without a place in a list, and returns its slot and its key.
    pub(super) fn insert(&mut self, class: usize, wait: WaitTime) -> (usize, Key) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let waiter = Waiter {
            arrival,
            class,
            wait,
            waker: None,
            is_granted: false,
            older: None,
            newer: None,
        };
        let slot = self.put(waiter);
        (slot, Key { slot, arrival })
    }

    /// Returns the slot of a waiter that has not been removed.
    pub(super) fn find(&self, key: Key) -> Option<usize> {
        (self.slots[key.slot].arrival == key.arrival).then_some(key.slot)
    }

    /// Frees a slot, and returns the waker of its waiter.
    pub(super) fn remove(&mut self, slot: usize) -> Option<Waker> {
        self.slots[slot].arrival = 0;
        self.free.push(slot);
        self.slots[slot].waker.take()
    }

    fn put(&mut self, waiter: Waiter) -> usize {
        if let Some(slot) = self.free.pop() {
            self.slots[slot] = waiter;
            return slot;
        }
        self.slots.push(waiter);
        self.slots.len() - 1
    }

    #[cfg(all(test, not(battlement_loom)))]
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }
}

impl Index<usize> for Slab {
    type Output = Waiter;

    fn index(&self, slot: usize) -> &Waiter {
        &self.slots[slot]
    }
}

impl IndexMut<usize> for Slab {
    fn index_mut(&mut self, slot: usize) -> &mut Waiter {
        &mut self.slots[slot]
    }
}
