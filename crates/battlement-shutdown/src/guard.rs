use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// Work that the drain waits for, until this value is dropped.
#[derive(Debug)]
#[must_use = "the drain waits only while the guard lives"]
pub struct Guard {
    name: &'static str,
    in_flight: InFlight,
}

/// The work in flight of a process: requests, streams and named guards. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    guards: Mutex<BTreeMap<&'static str, usize>>,
    ended: Notify,
}

/// Work that has not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) requests: u64,
    /// Event streams, upgrades and gRPC streams that did not opt in.
    pub(crate) event_streams: u64,
    pub(crate) upgrades: u64,
    pub(crate) grpc_streams: u64,
    /// The names of guards, with their numbers.
    pub(crate) guards: Vec<(&'static str, usize)>,
}

impl InFlight {
    pub(crate) fn guard(&self, name: &'static str) -> Guard {
        *self.guards().entry(name).or_default() += 1;
        Guard { name, in_flight: self.clone() }
    }

    /// Waits until nothing is in flight.
    pub(crate) async fn idle(&self) {
        loop {
            let ended = self.0.ended.notified();
            if self.guards().is_empty() {
                return;
            }
            ended.await;
        }
    }

    /// Returns what is in flight.
    pub(crate) fn remaining(&self) -> Remaining {
        let guards = self.guards().iter().map(|(name, count)| (*name, *count)).collect();
        Remaining { guards, ..Remaining::default() }
    }

    /// Returns the number of requests that were answered in full.
    pub(crate) const fn answered(&self) -> u64 {
        0
    }

    fn guards(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        self.0.guards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut guards = self.in_flight.guards();
        if let Some(count) = guards.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                guards.remove(self.name);
            }
        }
        drop(guards);
        self.in_flight.0.ended.notify_waiters();
    }
}

impl Remaining {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
