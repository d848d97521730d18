use std::{sync::Arc, time::Duration};

use battlement_core::{Deadline, Wire};
use http::{HeaderMap, HeaderName, HeaderValue, header::Entry};
use tokio::time::Instant;

use super::config::Config;
use crate::{
    Elapsed, ElapsedKind, expiry,
    wire::{GRPC_TIMEOUT, Written, grpc_timeout, write_grpc_timeout},
};

/// The precision of timers: another side that rounds to milliseconds may end a call this much earlier.
const TICK: Duration = Duration::from_millis(1);

/// The time limit that a call was sent with.
#[derive(Debug)]
pub(super) struct Stated {
    at: Instant,
    time: Duration,
    config: Arc<Config>,
}

impl Stated {
    /// Returns whether `own`, a limit that the application has set, is the shorter one, and applies it then.
    pub(super) fn is_above(&mut self, own: Option<Duration>) -> bool {
        let Some(own) = own.filter(|own| *own < self.time) else { return false };
        self.time = own;
        true
    }

    /// Returns the expiry, if the time that the other side got has passed.
    #[cold]
    pub(super) fn expired(&self) -> Option<Elapsed> {
        if self.at.elapsed() + TICK < self.time {
            return None;
        }
        let elapsed = Elapsed::new(ElapsedKind::Deadline, self.time);
        expiry::report(&elapsed, &self.config.observer);
        Some(elapsed)
    }
}

impl Config {
    /// Returns the limit of a call that is made now, and the value that states it.
    ///
    /// # Errors
    ///
    /// Fails if no time is left.
    #[inline]
    pub(super) fn stated(
        self: &Arc<Self>,
        wire: Wire,
        deadline: Deadline,
    ) -> Result<(Stated, HeaderValue), Box<Elapsed>> {
        let at = Instant::now();
        let left = deadline.remaining_at(at);
        let Some(Written { value, time }) = self.value(wire, left.saturating_sub(self.margin))
        else {
            return Err(self.no_time(left));
        };
        Ok((Stated { at, time, config: Arc::clone(self) }, value))
    }

    /// Reports that a call with `left` to its deadline is not made.
    #[cold]
    fn no_time(&self, left: Duration) -> Box<Elapsed> {
        let elapsed = Elapsed::new(ElapsedKind::NoTimeLeft, left);
        expiry::report(&elapsed, &self.observer);
        Box::new(elapsed)
    }

    /// Returns the header that states the limit of a call.
    #[inline]
    pub(super) fn name(&self, wire: Wire) -> HeaderName {
        if wire.is_grpc() { GRPC_TIMEOUT } else { self.header.owned_name() }
    }

    #[inline]
    fn value(&self, wire: Wire, time: Duration) -> Option<Written> {
        if wire.is_grpc() { write_grpc_timeout(time) } else { self.header.write(time) }
    }

    /// Returns the limit that a call states already.
    pub(super) fn own(&self, wire: Wire, headers: &HeaderMap) -> Option<Duration> {
        if wire.is_grpc() { grpc_timeout(headers) } else { self.header.read(headers) }
    }
}

/// Inserts a header. Returns the value if the call has such a header already.
#[inline]
pub(super) fn insert_new(
    headers: &mut HeaderMap,
    name: HeaderName,
    value: HeaderValue,
) -> Option<HeaderValue> {
    match headers.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(value);
            None
        }
        Entry::Occupied(_) => Some(value),
    }
}
