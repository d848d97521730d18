use std::ops::Range;

/// The length of a slot.
const SLOT: u64 = 100_000_000;

/// The patience of a caller: later answers are useless.
const PATIENCE: u64 = 1_000_000_000;

/// The course of a simulation. Ranges are in seconds from its begin.
pub(in super::super) struct Record {
    slots: Vec<Slot>,
    /// The time and latency of each answer.
    latencies: Vec<(u64, u64)>,
    limit: usize,
    /// The time of the last change of the limit.
    changed: u64,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    admitted: f64,
    rejected: f64,
    good: f64,
    /// The mean limit.
    limit: f64,
}

impl Record {
    pub(super) fn new(limit: usize) -> Self {
        Self { slots: Vec::new(), latencies: Vec::new(), limit, changed: 0 }
    }

    pub(super) fn admitted(&mut self, now: u64) {
        self.slot(now).admitted += 1.0;
    }

    pub(super) fn rejected(&mut self, now: u64, calls: f64) {
        self.slot(now).rejected += calls;
    }

    pub(super) fn answered(&mut self, now: u64, latency: u64) {
        self.latencies.push((now, latency));
        if latency <= PATIENCE {
            self.slot(now).good += 1.0;
        }
    }

    pub(super) fn limited(&mut self, now: u64, limit: usize) {
        self.end(now);
        self.limit = limit;
    }

    /// Adds the limit up to `now`.
    pub(super) fn end(&mut self, now: u64) {
        while self.changed < now {
            let end = ((self.changed / SLOT + 1) * SLOT).min(now);
            let share = (end - self.changed) as f64 / SLOT as f64;
            let limit = self.limit as f64 * share;
            self.slot(self.changed).limit += limit;
            self.changed = end;
        }
    }

    /// Returns the answers within their callers' patience per second.
    pub(in super::super) fn goodput(&self, seconds: Range<usize>) -> f64 {
        let length = seconds.len() as f64;
        self.sum(seconds, |slot| slot.good) / length
    }

    /// Returns the mean limit.
    pub(in super::super) fn limit(&self, seconds: Range<usize>) -> f64 {
        let slots = seconds.len() as f64 * 10.0;
        self.sum(seconds, |slot| slot.limit) / slots
    }

    pub(in super::super) fn rejected_in(&self, seconds: Range<usize>) -> f64 {
        self.sum(seconds, |slot| slot.rejected)
    }

    /// Returns the share of calls that were admitted.
    pub(in super::super) fn admitted_share(&self, seconds: Range<usize>) -> f64 {
        let admitted = self.sum(seconds.clone(), |slot| slot.admitted);
        admitted / (admitted + self.rejected_in(seconds))
    }

    /// Returns the 99th percentile of the latency of answers, in milliseconds.
    pub(in super::super) fn p99(&self, seconds: Range<usize>) -> f64 {
        let (start, end) = (seconds.start as u64 * SLOT * 10, seconds.end as u64 * SLOT * 10);
        let first = self.latencies.partition_point(|(time, _)| *time < start);
        let last = self.latencies.partition_point(|(time, _)| *time < end);
        let mut latencies: Vec<_> =
            self.latencies[first..last].iter().map(|(_, latency)| *latency).collect();
        let rank = latencies.len() * 99 / 100;
        *latencies.select_nth_unstable(rank).1 as f64 / 1e6
    }

    /// Returns the longest row of seconds, of those given, whose goodput is below `least`.
    pub(in super::super) fn longest_below(&self, least: f64, seconds: Range<usize>) -> usize {
        let is_low = |second: usize| self.goodput(second..second + 1) < least;
        let rows = seconds.scan(0, |row, second| {
            *row = if is_low(second) { *row + 1 } else { 0 };
            Some(*row)
        });
        rows.max().unwrap_or_default()
    }

    fn sum(&self, seconds: Range<usize>, value: impl Fn(&Slot) -> f64) -> f64 {
        self.slots[seconds.start * 10..seconds.end * 10].iter().map(value).sum()
    }

    fn slot(&mut self, now: u64) -> &mut Slot {
        let slot = (now / SLOT) as usize;
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, Slot::default());
        }
        &mut self.slots[slot]
    }
}
