//! What the I/O, the service and the task of one connection tell each other.

use std::sync::{
    Arc, OnceLock,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use tokio::time::Instant;

use crate::{End, Protocol, config::Config, handle::Open};

/// The state of one connection.
///
/// Requests of an HTTP/2 connection run in tasks of their own, so that the values are atomics; each is written rarely
/// from more than one task.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Arc<Config>,
    /// The counts of the listener.
    pub(crate) open: Arc<Open>,
    /// The time of accept.
    pub(crate) accepted: Instant,
    /// The number of requests whose head has arrived.
    begun: AtomicU64,
    /// The number of those that have ended: the response body has been sent or dropped.
    ended: AtomicU64,
    /// Whether bytes have arrived since the last request began.
    received: AtomicBool,
    /// Whether responses announce the close of the connection.
    closing: AtomicBool,
    protocol: OnceLock<Protocol>,
    end: OnceLock<End>,
}

impl State {
    pub(crate) fn new(config: Arc<Config>, open: Arc<Open>, accepted: Instant) -> Self {
        Self {
            config,
            open,
            accepted,
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            received: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            protocol: OnceLock::new(),
            end: OnceLock::new(),
        }
    }

    /// Marks the begin of a request, and returns its number from 1 on.
    #[inline]
    pub(crate) fn begin_request(&self) -> u64 {
        self.received.store(false, Relaxed);
        self.begun.fetch_add(1, Relaxed) + 1
    }

    /// Marks the end of a request.
    #[inline]
    pub(crate) fn end_request(&self) {
        self.ended.fetch_add(1, Release);
    }

    /// Returns the number of requests whose head has arrived.
    #[inline]
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Relaxed)
    }

    /// Returns the number of requests in flight.
    #[inline]
    pub(crate) fn in_flight(&self) -> u64 {
        let ended = self.ended.load(Acquire);
        self.begun().saturating_sub(ended)
    }

    /// Marks that bytes have arrived.
    #[inline]
    pub(crate) fn receive(&self) {
        self.received.store(true, Relaxed);
    }

    /// Returns whether bytes have arrived since the last request began: within a request its body, between requests
    /// the begin of the next head.
    #[allow(dead_code, reason = "the time limit of heads reads it")]
    pub(crate) fn has_received(&self) -> bool {
        self.received.load(Relaxed)
    }

    /// Lets the next response announce the close of the connection.
    pub(crate) fn announce_close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Returns whether responses announce the close of the connection.
    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// Stores the way in which the connection ends, and tells the observer of limits; the first one applies.
    pub(crate) fn end_with(&self, end: End) {
        if self.end.set(end).is_err() {
            return;
        }
        let (observe, listener) = (&self.config.observer.0, self.open.name());
        match end {
            End::Timeout(kind) => observe.on_timeout(listener, kind),
            End::Flood(kind) => observe.on_flood(listener, kind),
            End::Refused(reason) => observe.on_refused(listener, reason),
            _ => {}
        }
    }

    /// Returns the way in which the connection ends, once it is known.
    pub(crate) fn end(&self) -> Option<End> {
        self.end.get().copied()
    }

    /// Stores the protocol, once it is known.
    pub(crate) fn detected(&self, protocol: Protocol) {
        if self.protocol.set(protocol).is_ok() {
            self.open.count(None).fetch_sub(1, Relaxed);
            self.open.count(Some(protocol)).fetch_add(1, Relaxed);
            self.config.observer.0.on_opened(self.open.name(), protocol);
        }
    }

    /// Returns the protocol, if it is known.
    #[inline]
    pub(crate) fn protocol(&self) -> Option<Protocol> {
        self.protocol.get().copied()
    }
}
