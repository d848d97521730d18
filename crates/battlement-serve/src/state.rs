//! The state that the I/O, the service and the task of one connection share.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use tokio::time::Instant;

use crate::{End, Protocol, config::Config, handle::Open, time::Marks};

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
    /// Whether the connection is to end by an RST in place of further bytes.
    reset: AtomicBool,
    /// Whether the connection uses TLS.
    secure: AtomicBool,
    protocol: OnceLock<Protocol>,
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
            protocol: OnceLock::new(),
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

    /// Lets the next response announce the close of the connection.
    pub(crate) fn announce_close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Returns whether responses announce the close of the connection.
    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// Lets the connection end by an RST in place of further bytes.
    pub(crate) fn request_reset(&self) {
        self.reset.store(true, Relaxed);
    }

    /// Returns whether the connection is to end by an RST.
    #[inline]
    pub(crate) fn is_reset(&self) -> bool {
        self.reset.load(Relaxed)
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
