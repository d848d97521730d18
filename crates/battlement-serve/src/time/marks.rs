//! The state of a connection that its time limits depend on.

use std::{
    sync::atomic::{
        AtomicBool, AtomicU64, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::frames::Inbound;

/// A snapshot of [`Marks`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Whether the first request has arrived, or over HTTP/2 the peer's SETTINGS frame.
    pub(crate) opened: bool,
    /// Whether the beginning of a head has arrived, and not its end.
    pub(crate) head_begun: bool,
    /// Whether a request is in flight.
    pub(crate) in_flight: bool,
    /// The time since when no request is in flight.
    pub(crate) idle_since: Instant,
    /// The number of requests that have begun.
    pub(crate) requests: u64,
    /// Whether bytes wait for the peer to read.
    pub(crate) blocked: bool,
    /// A number that changes whenever the peer reads some of them.
    pub(crate) progress: usize,
}

/// The state of a connection that its time limits depend on, written by its I/O, its requests and its response bodies,
/// and read by its task.
#[derive(Debug)]
pub(crate) struct Marks {
    accepted: Instant,
    opened: AtomicBool,
    head_begun: AtomicBool,
    /// Whether bytes that arrive between requests may belong to the body of the last one.
    body_may_follow: AtomicBool,
    in_flight: AtomicUsize,
    requests: AtomicU64,
    /// Nanoseconds from `accepted` to the end of the last request.
    idle_since: AtomicU64,
    write_blocked: AtomicBool,
    /// The number of buffers of response bodies that the connection holds.
    held: AtomicUsize,
    progress: AtomicUsize,
}

impl Marks {
    pub(crate) const fn new(accepted: Instant) -> Self {
        Self {
            accepted,
            opened: AtomicBool::new(false),
            head_begun: AtomicBool::new(false),
            body_may_follow: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            write_blocked: AtomicBool::new(false),
            held: AtomicUsize::new(0),
            progress: AtomicUsize::new(0),
        }
    }

    /// Returns the number of requests that have begun.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Records frames that have arrived over HTTP/2.
    #[inline]
    pub(crate) fn read_frames(&self, frames: &Inbound) {
        if frames.has_settings() && !self.opened.load(Relaxed) {
            self.idle_from(Instant::now());
            self.opened.store(true, Relaxed);
        }
        self.head_begun.store(frames.is_in_block(), Relaxed);
    }

    /// Records bytes that have arrived over HTTP/1.
    #[inline]
    pub(crate) fn read(&self, bytes: &[u8]) {
        let begins = self.in_flight.load(Relaxed) == 0
            && !self.body_may_follow.load(Relaxed)
            && !self.head_begun.load(Relaxed);
        // Some clients send an empty line after a body, which does not begin a head (RFC 9112, section 2.2).
        if begins && bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.head_begun.store(true, Relaxed);
        }
    }

    /// Records the beginning of a request, and returns its number, from 1.
    ///
    /// A handler may read the body of an HTTP/1 request longer than it writes the response. Then the next head cannot
    /// be told from the body, and only the idle time limits it.
    #[inline]
    pub(crate) fn begin(&self, has_body: bool) -> u64 {
        self.opened.store(true, Relaxed);
        self.head_begun.store(false, Relaxed);
        self.body_may_follow.store(has_body, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        self.requests.fetch_add(1, Relaxed) + 1
    }

    /// Records the end of a request.
    #[inline]
    pub(crate) fn end(&self) {
        // Each end stores its time: of two that coincide, neither can tell whether it is the last one, and either time
        // is right.
        self.idle_from(Instant::now());
        // Released, so that the task that sees no request in flight sees the time of its end.
        self.in_flight.fetch_sub(1, Release);
    }

    /// Records a tunnel, whose end is unknown: over HTTP/2, its connection is never idle again.
    pub(crate) fn tunnel(&self) {
        self.in_flight.fetch_add(1, Relaxed);
    }

    /// Returns whether the last request over HTTP/1 has a body.
    pub(crate) fn may_have_body(&self) -> bool {
        self.body_may_follow.load(Relaxed)
    }

    /// Records that the socket takes no bytes.
    pub(crate) fn write_blocked(&self) {
        self.write_blocked.store(true, Relaxed);
    }

    /// Records that the socket takes bytes.
    #[inline]
    pub(crate) fn written(&self) {
        if self.write_blocked.load(Relaxed) {
            self.write_blocked.store(false, Relaxed);
            self.progress();
        }
    }

    /// Records that the connection holds one more buffer of a response body.
    pub(super) fn hold(&self) {
        self.held.fetch_add(1, Relaxed);
    }

    /// Records that a buffer of a response body was sent or discarded.
    pub(super) fn release(&self) {
        self.progress();
        self.held.fetch_sub(1, Release);
    }

    /// Records that a part of the waiting bytes was sent.
    pub(super) fn progress(&self) {
        self.progress.fetch_add(1, Relaxed);
    }

    /// Returns whether the peer keeps the connection waiting: for the rest of a head, or for it to read.
    #[inline]
    pub(crate) fn are_pressing(&self) -> bool {
        self.head_begun.load(Relaxed)
            || self.write_blocked.load(Relaxed)
            || self.held.load(Relaxed) > 0
    }

    /// Returns a snapshot.
    #[inline]
    pub(crate) fn view(&self) -> View {
        let in_flight = self.in_flight.load(Acquire) > 0;
        let blocked = self.write_blocked.load(Relaxed) || self.held.load(Acquire) > 0;
        View {
            opened: self.opened.load(Relaxed),
            head_begun: self.head_begun.load(Relaxed),
            in_flight,
            idle_since: self.accepted + Duration::from_nanos(self.idle_since.load(Relaxed)),
            requests: self.requests(),
            blocked,
            progress: self.progress.load(Relaxed),
        }
    }

    fn idle_from(&self, now: Instant) {
        let since = now.saturating_duration_since(self.accepted).as_nanos();
        self.idle_since.store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
    }
}

#[cfg(test)]
mod tests;
