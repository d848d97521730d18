use crate::{
    active::Active,
    buckets,
    config::Config,
    series::Series,
    side::{MetricNames, Side},
};

/// All metrics of one side.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub(crate) side: Side,
    pub(crate) active: Active,
    pub(crate) duration: Series,
    pub(crate) stream: Series,
    pub(crate) first_byte: Option<Series>,
    pub(crate) sizes: Option<Sizes>,
}

#[derive(Debug)]
pub(crate) struct Sizes {
    pub(crate) request: Series,
    pub(crate) response: Series,
}

impl Traffic {
    /// Creates the metrics; clients have numbers below `owners`.
    pub(crate) fn new(side: Side, config: &Config, owners: usize) -> Self {
        let names = config.naming.names(side);
        let series = |name, bounds: &[u64]| {
            Series::new(config.named(side, name), bounds, config.max_series, config.shards)
        };
        let duration_bounds = match side {
            Side::Server => config.duration_bounds(),
            _ => config.duration_bounds.as_deref().unwrap_or(&buckets::DURATION),
        };
        Self {
            side,
            active: Active::new(owners, config.methods.count(), config.shards),
            duration: series(names.duration, duration_bounds),
            stream: series(names.stream, &buckets::STREAM),
            first_byte: config.first_byte.then(|| series(names.first_byte, duration_bounds)),
            sizes: config.body_sizes.then(|| Sizes::new(names, series)),
        }
    }

    /// Returns the histograms that record each request once.
    pub(crate) fn of_requests(&self) -> impl Iterator<Item = &Series> {
        [&self.duration].into_iter().chain(self.besides_duration())
    }

    /// Returns the histograms that record each request once, except that of durations.
    pub(crate) fn besides_duration(&self) -> impl Iterator<Item = &Series> {
        let sizes = self.sizes.iter().flat_map(|sizes| [&sizes.request, &sizes.response]);
        self.first_byte.iter().chain(sizes)
    }

    /// Returns whether any request was recorded or any series created.
    pub(crate) fn is_used(&self) -> bool {
        self.active.is_used() || self.duration.is_used() || self.stream.is_used()
    }

    /// Returns the number of requests that have ended.
    pub(crate) fn ended(&self) -> u64 {
        let count = |series: &Series| series.snapshot().map(|(_, one)| one.count()).sum::<u64>();
        count(&self.duration) + count(&self.stream)
    }
}

impl Sizes {
    fn new(names: MetricNames, series: impl Fn(&'static str, &[u64]) -> Series) -> Self {
        Self {
            request: series(names.request_size, &buckets::SIZE),
            response: series(names.response_size, &buckets::SIZE),
        }
    }
}
