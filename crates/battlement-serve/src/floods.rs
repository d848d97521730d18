//! Limits of the HTTP/2 frames that cost the server more than the client, by rate.
//!
//! hyper limits resets by count: 20 of streams that were not accepted yet, and 1,024 of the server's own in the life of
//! a connection. A legitimate gRPC client whose deadlines expire together exceeds the first, and a long-lived one
//! exceeds the second. The limits here are rates, and responses of the server allow more.

mod bucket;
mod check;
mod kind;
mod rates;
#[cfg(test)]
mod tests;

use std::array::from_fn;

use tokio::time::Instant;

use self::bucket::{Bucket, TOKEN};
pub use self::{
    kind::Flood,
    rates::{FloodLimits, Rate},
};
use crate::{
    Limits,
    frames::{Goaway, Inbound, Outbound, Received},
};

/// The cost of an RST_STREAM that answers a frame of a finished stream.
///
/// After an early response to an upload, the frames that were on their way each cause one. No work is lost with it.
const LATE: u64 = TOKEN / 10;

/// The largest frame that hyper accepts from a client.
const MAX_FRAME_SIZE: u32 = 16 * 1_024;

/// The frame counters and limits of one HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Floods {
    inbound: Inbound,
    outbound: Outbound,
    buckets: [Bucket; Flood::ALL.len()],
    refilled: Instant,
}

impl Floods {
    /// Creates the counters of a connection whose next `skip` bytes are not frames.
    pub(crate) fn new(limits: &Limits, skip: u32, now: Instant) -> Self {
        Self {
            inbound: Inbound::new(skip, longest_block(limits.header_bytes)),
            outbound: Outbound::default(),
            buckets: from_fn(|index| Bucket::full(limits.floods.rate(Flood::ALL[index]))),
            refilled: now,
        }
    }

    /// Counts the frames among bytes of the client; reads the clock only if one of them is limited.
    ///
    /// # Errors
    ///
    /// Returns the flood that ends the connection.
    pub(crate) fn received(
        &mut self,
        bytes: &[u8],
        now: impl FnOnce() -> Instant,
    ) -> Result<(), Flood> {
        let received = self.inbound.read(bytes);
        if received == Received::default() {
            return Ok(());
        }
        if received.is_block_too_long {
            return Err(Flood::Continuation);
        }
        self.refill(now());
        self.take(Flood::RapidReset, u64::from(received.resets) * TOKEN)?;
        self.take(Flood::Continuation, u64::from(received.continuations) * TOKEN)?;
        self.take(Flood::EmptyData, u64::from(received.empty_data) * TOKEN)?;
        self.take(Flood::Settings, u64::from(received.settings) * TOKEN)?;
        self.take(Flood::Ping, u64::from(received.pings) * TOKEN)
    }

    /// Counts the frames among bytes of the server; reads the clock only if the client has provoked one of them.
    ///
    /// # Errors
    ///
    /// Returns the flood that ends the connection.
    pub(crate) fn sent(
        &mut self,
        bytes: &[u8],
        now: impl FnOnce() -> Instant,
    ) -> Result<(), Flood> {
        let sent = self.outbound.read(bytes);
        let earned = u64::from(sent.responses) * TOKEN;
        self.earn(Flood::RapidReset, earned);
        self.earn(Flood::Continuation, earned);
        self.earn(Flood::Ping, u64::from(sent.pingable) * TOKEN);
        // h2 allows 100 empty DATA frames in the life of a connection, and a number of small ones.
        if sent.is_calming && self.inbound.ends_with_data() {
            return Err(Flood::EmptyData);
        }
        let cost = u64::from(sent.provoked) * TOKEN + u64::from(sent.late) * LATE;
        if cost == 0 {
            self.earn(Flood::ProvokedReset, earned);
            return Ok(());
        }
        self.refill(now());
        self.exchange(Flood::ProvokedReset, earned, cost)
    }

    /// Returns the frames of the client.
    pub(crate) const fn inbound(&self) -> &Inbound {
        &self.inbound
    }

    /// Returns the GOAWAY that ends the connection, unless the client could not read it.
    pub(crate) fn goaway(&self, flood: Flood) -> Option<Goaway> {
        let allowed = self.outbound.open_until()?;
        Some(Goaway::new(allowed.min(self.inbound.last_stream()), flood.as_str()))
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled);
        self.buckets.iter_mut().for_each(|bucket| bucket.refill(elapsed));
        self.refilled = now;
    }

    fn earn(&mut self, flood: Flood, amount: u64) {
        self.buckets[flood as usize].earn(amount);
    }

    fn take(&mut self, flood: Flood, amount: u64) -> Result<(), Flood> {
        self.exchange(flood, 0, amount)
    }

    fn exchange(&mut self, flood: Flood, earned: u64, cost: u64) -> Result<(), Flood> {
        if self.buckets[flood as usize].exchange(earned, cost) { Ok(()) } else { Err(flood) }
    }
}

/// Returns the number of CONTINUATION frames, without the last one, that h2 allows for a header list of this size.
fn longest_block(header_bytes: u32) -> u32 {
    let frames = (header_bytes / MAX_FRAME_SIZE).max(1);
    (frames + frames / 4).max(5)
}
