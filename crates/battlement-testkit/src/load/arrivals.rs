use std::{ops::Deref, time::Duration};

use tokio::time::Instant;

use super::{End, Tally};

/// A request of an open loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Arrival {
    /// The time when the request was due.
    pub due: Instant,
    /// The time from `due` until the end of the request.
    pub latency: Duration,
    /// The end of the request, or `None` if it was given up.
    pub end: Option<End>,
}

/// All requests of an open loop, in the order in which they were due.
#[derive(Clone, Debug)]
pub struct Arrivals {
    arrivals: Vec<Arrival>,
}

impl Arrivals {
    pub(super) const fn new(arrivals: Vec<Arrival>) -> Self {
        Self { arrivals }
    }

    /// Returns the tally of the requests that were not given up.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.arrivals.iter().filter_map(|arrival| arrival.end).for_each(|end| tally.count(end));
        tally
    }

    /// Returns the number of requests that were given up.
    #[must_use]
    pub fn given_up(&self) -> usize {
        self.arrivals.iter().filter(|arrival| arrival.end.is_none()).count()
    }

    /// Returns the latency that `share` of all requests, such as 0.99, do not exceed; zero if there are no requests.
    ///
    /// A request that was given up counts with the time until it was given up.
    ///
    /// # Panics
    ///
    /// Panics if `share` is not from 0 to 1.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Duration {
        assert!((0.0..=1.0).contains(&share), "the share must be from 0 to 1");
        let mut latencies: Vec<_> = self.arrivals.iter().map(|arrival| arrival.latency).collect();
        latencies.sort_unstable();
        let rank = (share * latencies.len() as f64).ceil() as usize;
        latencies.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl Deref for Arrivals {
    type Target = [Arrival];

    fn deref(&self) -> &[Arrival] {
        &self.arrivals
    }
}
