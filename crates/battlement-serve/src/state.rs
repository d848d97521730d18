//! The state that the I/O, the service and the task of one connection share.

mod closing;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use battlement_core::DropReason;
use tokio::time::Instant;

use crate::{End, Protocol, TimeoutKind, config::Config, handle::Open, time::Marks};

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
    /// The state that the time limits depend on.
    pub(crate) marks: Marks,
    /// Whether responses announce the close of the connection.
    closing: AtomicBool,
    /// Whether the connection is to end with an RST instead of further bytes.
    reset: AtomicBool,
    /// Whether the connection uses TLS.
    secure: AtomicBool,
    /// Whether the connection ends while no request is in flight.
    unused: AtomicBool,
    /// Whether all requests are over, and the server waits for the client to close the connection.
    lingering: AtomicBool,
    protocol: OnceLock<Protocol>,
    /// The time limit that has closed the connection for further requests.
    limit: OnceLock<TimeoutKind>,
    end: OnceLock<End>,
}

impl State {
    pub(crate) fn new(config: Arc<Config>, open: Arc<Open>, accepted: Instant) -> Self {
        Self {
            config,
            open,
            accepted,
            marks: Marks::new(accepted),
            closing: AtomicBool::new(false),
            reset: AtomicBool::new(false),
            secure: AtomicBool::new(false),
            unused: AtomicBool::new(false),
            lingering: AtomicBool::new(false),
            protocol: OnceLock::new(),
            limit: OnceLock::new(),
            end: OnceLock::new(),
        }
    }

    /// Returns the number of requests whose head has arrived.
    #[inline]
    pub(crate) fn begun(&self) -> u64 {
        self.marks.requests()
    }

    /// Marks that the connection uses TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn secured(&self) {
        self.secure.store(true, Relaxed);
    }

    /// Returns whether the connection uses TLS.
    #[inline]
    pub(crate) fn is_secure(&self) -> bool {
        self.secure.load(Relaxed)
    }

    /// Makes the connection end with an RST instead of further bytes.
    pub(crate) fn request_reset(&self) {
        self.reset.store(true, Relaxed);
    }

    /// Returns whether the connection is to end with an RST.
    #[inline]
    pub(crate) fn is_reset(&self) -> bool {
        self.reset.load(Relaxed)
    }

    /// Stores a time limit after which the connection takes no further requests, and reports it to the observer. The
    /// limit is the end of the connection unless it ends in another way, for example with its requests at a shutdown.
    pub(crate) fn reach(&self, limit: TimeoutKind) {
        self.config.observer.0.on_timeout(self.open.name(), limit);
        let _ = self.limit.set(limit);
    }

    /// Returns the reason for which a request is dropped at this moment.
    pub(crate) fn drop_reason(&self) -> DropReason {
        match (self.config.cut_off.reason(), self.end.get()) {
            (DropReason::Cancelled, Some(End::Timeout(_))) => DropReason::Timeout,
            (reason, _) => reason,
        }
    }

    /// Stores the way in which the connection ends, and reports it to the observer; the first one applies.
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
        let end = match self.end.get() {
            // No request was aborted.
            None | Some(End::Aborted) if self.is_lingering() => Some(End::Complete),
            end => end.copied(),
        };
        match (end, self.limit.get()) {
            (Some(End::Complete), Some(limit)) => Some(End::Timeout(*limit)),
            (end, _) => end,
        }
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
