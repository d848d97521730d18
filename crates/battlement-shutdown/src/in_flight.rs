//! The work that a drain waits for.

mod count;
mod parked;
mod sync;

#[cfg(all(test, battlement_loom))]
mod model;

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicU64, AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    task::Waker,
};

pub(crate) use self::parked::Place;
use self::{count::Count, parked::Parked};

/// The work in flight of a process: its requests, to the end of their responses, and its named guards.
///
/// Clones show the same counts.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Everything that the drain waits for.
    all: Count,
    answered: AtomicU64,
    /// The part of the requests that became streams.
    streams: [AtomicUsize; Stream::COUNT],
    guards: Mutex<BTreeMap<&'static str, usize>>,
    parked: Parked,
}

/// A kind of response that may never end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Events,
    Grpc,
    /// An upgraded connection.
    Upgrade,
}

impl Stream {
    const COUNT: usize = 3;
    const ALL: [Self; Self::COUNT] = [Self::Events, Self::Grpc, Self::Upgrade];

    const fn name(self) -> &'static str {
        match self {
            Self::Events => "event_stream",
            Self::Grpc => "grpc_stream",
            Self::Upgrade => "upgrade",
        }
    }
}

/// The name of requests among those of guards.
const REQUEST: &str = "request";

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
    /// Returns the number of requests, as `request`, of streams, as `event_stream`, `grpc_stream` and `upgrade`, and of
    /// the guards of each name so far.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        let guards: Vec<_> = self.guards().iter().map(|(name, count)| (*name, *count)).collect();
        let Remaining { requests, .. } = self.remaining();
        let streams = Stream::ALL.map(|kind| (kind.name(), self.streams(kind)));
        let guards = guards.into_iter().map(|(name, count)| (name, count as u64));
        [(REQUEST, requests)].into_iter().chain(streams).chain(guards).collect()
    }

    /// Begins a request.
    #[inline]
    pub(crate) fn enter(&self) {
        self.0.all.enter();
    }

    /// Ends a request.
    #[inline]
    pub(crate) fn leave(&self) {
        self.0.all.leave();
    }

    /// Counts a response that the caller received in full.
    #[inline]
    pub(crate) fn answer(&self) {
        self.0.answered.fetch_add(1, Relaxed);
    }

    /// Counts a request in flight as a stream.
    pub(crate) fn enter_stream(&self, kind: Stream) {
        self.0.streams[kind as usize].fetch_add(1, AcqRel);
    }

    pub(crate) fn leave_stream(&self, kind: Stream) {
        self.0.streams[kind as usize].fetch_sub(1, AcqRel);
    }

    pub(crate) fn enter_guard(&self, name: &'static str) {
        self.0.all.enter();
        *self.guards().entry(name).or_default() += 1;
    }

    pub(crate) fn leave_guard(&self, name: &'static str) {
        if let Some(count) = self.guards().get_mut(name) {
            *count -= 1;
        }
        self.0.all.leave();
    }

    /// Registers a task that [`wake`](Self::wake) wakes. The caller reads the phase afterwards.
    pub(crate) fn park(&self, place: &mut Option<Place>, waker: &Waker) {
        self.0.parked.park(place, waker);
    }

    pub(crate) fn unpark(&self, place: Place) {
        self.0.parked.remove(place);
    }

    /// Wakes the tasks whose work the phase ends that was written before.
    pub(crate) fn wake(&self) {
        self.0.parked.wake();
    }

    /// Waits until nothing is in flight. One task waits at a time.
    pub(crate) async fn idle(&self) {
        poll_fn(|cx| self.0.all.poll_idle(cx)).await;
    }

    /// Returns what is in flight.
    pub(crate) fn remaining(&self) -> Remaining {
        let guards: Vec<_> = self.guards().iter().map(|(name, count)| (*name, *count)).collect();
        let guards: Vec<_> = guards.into_iter().filter(|(_, count)| *count > 0).collect();
        let [event_streams, grpc_streams, upgrades] = Stream::ALL.map(|kind| self.streams(kind));
        let named: usize = guards.iter().map(|(_, count)| count).sum();
        let others = event_streams + grpc_streams + upgrades + named as u64;
        let requests = (self.0.all.get() as u64).saturating_sub(others);
        Remaining { requests, event_streams, upgrades, grpc_streams, guards }
    }

    /// Returns the number of requests that were answered in full.
    pub(crate) fn answered(&self) -> u64 {
        self.0.answered.load(Acquire)
    }

    fn streams(&self, kind: Stream) -> u64 {
        self.0.streams[kind as usize].load(Acquire) as u64
    }

    fn guards(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        self.0.guards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remaining {
    /// Returns the number of all pieces of work.
    pub(crate) fn count(&self) -> u64 {
        let guards: usize = self.guards.iter().map(|(_, count)| count).sum();
        self.requests + self.event_streams + self.upgrades + self.grpc_streams + guards as u64
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll},
    };

    use super::*;

    #[test]
    fn work_of_each_kind_is_counted_by_its_name_until_it_ends() {
        let in_flight = InFlight::default();
        assert!(in_flight.remaining().is_empty());
        // Streams and guards are part of the work, so that requests are the rest of it.
        (0..7).for_each(|_| in_flight.enter());
        in_flight.enter_stream(Stream::Events);
        (0..2).for_each(|_| in_flight.enter_stream(Stream::Grpc));
        (0..3).for_each(|_| in_flight.enter_stream(Stream::Upgrade));
        (0..3).for_each(|_| in_flight.enter_guard("orders"));
        in_flight.enter_guard("mails");
        in_flight.leave_guard("mails");
        let counts = [
            ("request", 1),
            ("event_stream", 1),
            ("grpc_stream", 2),
            ("upgrade", 3),
            ("mails", 0),
            ("orders", 3),
        ];
        assert_eq!(in_flight.counts(), counts);
        let guards = vec![("orders", 3)];
        let remaining =
            Remaining { requests: 1, event_streams: 1, upgrades: 3, grpc_streams: 2, guards };
        assert_eq!(in_flight.remaining(), remaining);
        assert_eq!((remaining.count(), remaining.is_empty()), (10, false));
        in_flight.leave_stream(Stream::Grpc);
        in_flight.leave();
        assert_eq!(in_flight.remaining(), Remaining { grpc_streams: 1, ..remaining });
    }

    #[test]
    fn answers_are_counted_and_the_end_of_all_work_is_waited_for() {
        let in_flight = InFlight::default();
        in_flight.enter();
        in_flight.enter_guard("orders");
        let mut idle = pin!(in_flight.idle());
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(idle.as_mut().poll(cx).is_pending());
        in_flight.answer();
        in_flight.leave();
        assert!(idle.as_mut().poll(cx).is_pending());
        in_flight.leave_guard("orders");
        assert_eq!((idle.as_mut().poll(cx), in_flight.answered()), (Poll::Ready(()), 1));
    }
}
