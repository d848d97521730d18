use std::{sync::OnceLock, time::Duration};

use crate::{
    family::{Buckets, Families, Family, Kind, Labels, Value},
    histogram::Histogram,
    shard,
    slots::Slots,
};

/// The times in the queues, by limit and class.
pub(super) struct QueueTimes {
    series: Slots<Series>,
    /// The classes beyond the maximum.
    rest: OnceLock<Histogram>,
}

struct Series {
    limiter: Box<str>,
    class: Box<str>,
    times: Histogram,
}

/// The most classes with series of their own, of all limits. The application names them, so there are few.
const MOST: usize = 256;

const NAME: &str = "battlement_concurrency_limit_queue_seconds";
const HELP: &str = "Time in the queue of calls that were admitted from it.";

const NANOS: f64 = 1e9;
const MS: u64 = 1_000_000;
/// Buckets around the usual times of a queue, which are below a second.
const BOUNDS: [u64; 12] = [
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    20 * MS,
    50 * MS,
    100 * MS,
    200 * MS,
    500 * MS,
    1_000 * MS,
    2_000 * MS,
    5_000 * MS,
];

impl QueueTimes {
    pub(super) fn new() -> Self {
        Self { series: Slots::new(MOST), rest: OnceLock::new() }
    }

    /// Creates the series of a class.
    pub(super) fn create(&self, limiter: &str, class: &str) {
        self.histogram(limiter, class);
    }

    pub(super) fn record(&self, limiter: &str, class: &str, time: Duration) {
        let nanos = time.as_nanos().try_into().unwrap_or(u64::MAX);
        self.histogram(limiter, class).record(shard::mine(), &BOUNDS, nanos);
    }

    fn histogram(&self, limiter: &str, class: &str) -> &Histogram {
        let is = |one: &Series| *one.limiter == *limiter && *one.class == *class;
        let times = || Histogram::new(shard::default_count());
        let make = || Series { limiter: limiter.into(), class: class.into(), times: times() };
        match self.series.get_or_insert((limiter, class), is, make) {
            Some((_, one)) => &one.times,
            None => self.rest.get_or_init(times),
        }
    }

    pub(super) fn gather(&self, page: &mut Families) {
        let mut family = Family::new(NAME, Kind::Histogram, HELP);
        for Series { limiter, class, times } in self.series.iter() {
            let labels = [("limiter", limiter), ("class", class)];
            let labels = labels.map(|(label, value)| (label.into(), String::from(&**value)));
            add(&mut family, labels.into(), times);
        }
        let mut overflowed = 0;
        if let Some(times) = self.rest.get() {
            add(&mut family, Family::overflow_labels(), times);
            overflowed = times.snapshot().count();
        }
        page.add(family);
        page.add_overflow(NAME, float(overflowed));
    }
}

fn add(family: &mut Family, labels: Labels, times: &Histogram) {
    let bounds = BOUNDS.iter().map(|bound| float(*bound) / NANOS).collect();
    let buckets = Buckets { snapshot: times.snapshot(), bounds, scale: NANOS };
    family.add(labels, Value::Histogram(Box::new(buckets)));
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
const fn float(number: u64) -> f64 {
    number as f64
}
