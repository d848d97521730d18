use std::time::Duration;

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout_at},
};

use super::{Arrival, Arrivals, End, random::Random};

/// The default number of requests.
const REQUESTS: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(10);

/// A generator of requests that arrive at random times with a mean rate (a Poisson process), as those of many
/// independent clients do.
///
/// A slow response does not delay the next request, and the latency of a request is measured from the time when it is
/// due. This avoids coordinated omission: a generator that waits for responses sends nothing while a server stalls, and
/// so does not measure the latency that clients would have had.
///
/// # Example
///
/// ```
/// use battlement_testkit::{load::{self, OpenLoop}, upstream::Upstream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let upstream = Upstream::start().await?;
/// let addr = upstream.addr();
/// let arrivals = OpenLoop::new(500.0).requests(50).run(move || load::call(addr, "/")).await;
/// assert_eq!(arrivals.tally().answered, 50);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "an open loop does nothing until it runs"]
pub struct OpenLoop {
    per_second: f64,
    requests: usize,
    seed: u64,
    patience: Duration,
    delay: Duration,
}

impl OpenLoop {
    /// Creates a generator with a mean rate in requests per second. By default, it sends 1,000 requests, each of which
    /// is given up after ten seconds.
    ///
    /// # Panics
    ///
    /// Panics if the rate is not a positive number.
    pub fn new(per_second: f64) -> Self {
        assert!(per_second > 0.0 && per_second.is_finite(), "the rate must be a positive number");
        let delay = Duration::ZERO;
        Self { per_second, requests: REQUESTS, seed: 0, patience: PATIENCE, delay }
    }

    /// Sets the number of requests.
    pub const fn requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    /// Sets the seed of the random times; equal seeds give equal times.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the time after which a request is given up, from the time when it was due.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets the time from the start to the first request, in addition to its random time. Default: none.
    ///
    /// Several generators that run concurrently, each with a delay, are a load whose rate changes.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Returns the times at which requests are due, from the start.
    #[must_use]
    pub fn schedule(&self) -> Vec<Duration> {
        let mut random = Random::new(self.seed);
        let mut due = self.delay;
        let next = || {
            // The time between two events of a Poisson process has an exponential distribution.
            due += Duration::from_secs_f64(-(1.0 - random.fraction()).ln() / self.per_second);
            due
        };
        std::iter::repeat_with(next).take(self.requests).collect()
    }

    /// Calls `call` for each request when it is due, and waits until all have ended or were given up.
    ///
    /// # Panics
    ///
    /// Panics if a call panics.
    pub async fn run<F>(&self, call: impl Fn() -> F) -> Arrivals
    where
        F: Future<Output = End> + Send + 'static,
    {
        let start = Instant::now();
        let mut calls = JoinSet::new();
        let mut arrivals = Vec::with_capacity(self.requests);
        for due in self.schedule() {
            let due = start + due;
            sleep_until(due).await;
            calls.spawn(measure(due, self.patience, call()));
            // A long load does not keep the memory of all its calls.
            while let Some(ended) = calls.try_join_next() {
                arrivals.push(ended.expect("a call panicked"));
            }
        }
        arrivals.extend(calls.join_all().await);
        arrivals.sort_by_key(|arrival| arrival.due);
        Arrivals::new(arrivals)
    }
}

async fn measure(due: Instant, patience: Duration, call: impl Future<Output = End>) -> Arrival {
    let end = timeout_at(due + patience, call).await.ok();
    Arrival { due, latency: due.elapsed(), end }
}
