use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use battlement_rate_limit::StoreError;
use battlement_rate_limit_redis::{Observe, State};

use crate::{
    Exposition,
    family::{Buckets, Families, Family, Kind, Labels, Value},
    histogram::Histogram,
    shard,
};

/// Metrics of rate limits in Redis. Clones share the same counts.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_rate_limit_redis_seconds`: duration of commands | `result` (`ok`, `late`, `failed`) |
/// | `battlement_rate_limit_redis_questions`: decisions per command | |
/// | `battlement_rate_limit_redis_state`: 1 for the current state | `state` (`connecting`, `up`, `degraded`, `down`) |
///
/// # Example
///
/// ```
/// use battlement_metrics::{Exposition, rate_limit::RedisMetrics};
/// use battlement_rate_limit_redis::Redis;
///
/// let metrics = RedisMetrics::new();
/// let redis = Redis::builder("redis://127.0.0.1:6379/").observe(metrics.clone()).build().unwrap();
/// let page = Exposition::new().rate_limit_redis(&metrics);
/// ```
#[derive(Clone)]
pub struct RedisMetrics(Arc<Inner>);

struct Inner {
    /// Durations of commands that succeeded, timed out and failed.
    took: [Histogram; 3],
    questions: Histogram,
    state: Mutex<State>,
}

const RESULTS: [&str; 3] = ["ok", "late", "failed"];
const MICRO: u64 = 1_000;
/// Buckets from below a same-zone round trip to beyond the command timeout.
const TIMES: [u64; 14] = [
    100 * MICRO,
    250 * MICRO,
    500 * MICRO,
    750 * MICRO,
    1_000 * MICRO,
    2_500 * MICRO,
    5_000 * MICRO,
    10_000 * MICRO,
    25_000 * MICRO,
    50_000 * MICRO,
    100_000 * MICRO,
    250_000 * MICRO,
    1_000_000 * MICRO,
    5_000_000 * MICRO,
];
const QUESTIONS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 256];

impl RedisMetrics {
    /// Creates metrics with all counts at 0.
    #[must_use]
    pub fn new() -> Self {
        let histogram = || Histogram::new(shard::default_count());
        Self(Arc::new(Inner {
            took: [(); 3].map(|()| histogram()),
            questions: histogram(),
            state: Mutex::new(State::Connecting),
        }))
    }

    fn gather(&self, page: &mut Families) {
        let mut took = Family::new("battlement_rate_limit_redis_seconds", Kind::Histogram, TOOK);
        for (result, histogram) in RESULTS.into_iter().zip(&self.0.took) {
            let labels: Labels = vec![("result".into(), result.into())];
            took.add(labels, buckets(histogram, &TIMES, 1e9));
        }
        page.add(took);
        let mut asked =
            Family::new("battlement_rate_limit_redis_questions", Kind::Histogram, ASKED);
        asked.add(Labels::new(), buckets(&self.0.questions, &QUESTIONS, 1.0));
        page.add(asked);
        let mut state = Family::new("battlement_rate_limit_redis_state", Kind::Gauge, STATE);
        let now = *self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        for each in [State::Connecting, State::Up, State::Degraded, State::Down] {
            let labels: Labels = vec![("state".into(), each.as_str().into())];
            state.add(labels, Value::Number(f64::from(u8::from(each == now))));
        }
        page.add(state);
    }
}

const TOOK: &str = "Duration of rate limit commands, including the network.";
const ASKED: &str = "Number of rate limit decisions per command.";
const STATE: &str =
    "1 for the current state of the Redis client of the rate limits, 0 for the others.";

#[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53")]
fn buckets(histogram: &Histogram, bounds: &[u64], scale: f64) -> Value {
    let bounds = bounds.iter().map(|bound| *bound as f64 / scale).collect();
    Value::Histogram(Box::new(Buckets { snapshot: histogram.snapshot(), bounds, scale }))
}

impl Default for RedisMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observe for RedisMetrics {
    fn on_command(&self, questions: usize, took: Duration, result: Result<(), StoreError>) {
        let nth = match result {
            Ok(()) => 0,
            Err(StoreError::Timeout) => 1,
            Err(_) => 2,
        };
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX / 2);
        self.0.took[nth].record(shard::mine(), &TIMES, nanos);
        self.0.questions.record(shard::mine(), &QUESTIONS, questions as u64);
    }

    fn on_state(&self, state: State) {
        *self.0.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Exposition {
    /// Shows the commands that rate limits send to Redis.
    #[must_use]
    pub fn rate_limit_redis(self, metrics: &RedisMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("rate limits in Redis", id, move |page| metrics.gather(page))
    }
}

impl fmt::Debug for RedisMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisMetrics").finish_non_exhaustive()
    }
}
