use std::{ops::Range, time::Duration};

use battlement_testkit::load::End;

use super::{callers::PATIENCE, course::Course, load::Call};

/// The figures of the requests that were due in an interval.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// Requests answered within the patience, per second.
    pub(super) goodput: f64,
    /// The latency of answered requests at the 99th percentile, in milliseconds.
    pub(super) p99: f64,
    /// The share of the requests that were answered within the patience.
    pub(super) answered: f64,
    /// Rejected requests.
    pub(super) rejected: usize,
    /// The latency of rejections at the 99th percentile, in milliseconds.
    pub(super) rejected_p99: f64,
    /// The share of the requests of the upper class that were not answered within the patience.
    pub(super) upper_lost: f64,
}

impl Figures {
    /// Returns the figures of these seconds.
    pub(super) fn of(course: &Course, seconds: Range<u32>) -> Self {
        let due = seconds.start.into()..seconds.end.into();
        let calls = course.calls.iter().filter(|call| due.contains(&call.due.as_secs_f64()));
        let calls: Vec<&Call> = calls.collect();
        // A generator that is late also gets answers that its callers would not have waited for.
        let is_late = |call: &Call| call.latency > PATIENCE;
        let ended = |end| calls.iter().filter(move |call| call.end == Some(end) && !is_late(call));
        let answered = ended(End::Answered).count() as f64;
        let upper = calls.iter().filter(|call| call.is_upper);
        let upper_answered = ended(End::Answered).filter(|call| call.is_upper).count() as f64;
        Self {
            goodput: answered / f64::from(seconds.end - seconds.start),
            p99: p99(ended(End::Answered).map(|call| call.latency)),
            answered: answered / calls.len() as f64,
            rejected: ended(End::Rejected).count(),
            rejected_p99: p99(ended(End::Rejected).map(|call| call.latency)),
            upper_lost: 1.0 - upper_answered / upper.count() as f64,
        }
    }
}

fn p99(latencies: impl Iterator<Item = Duration>) -> f64 {
    let mut latencies: Vec<_> = latencies.collect();
    latencies.sort_unstable();
    let rank = (latencies.len() * 99).div_ceil(100);
    let latency = latencies.get(rank.saturating_sub(1));
    latency.map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
}

/// The means of the state of the server in these seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    pub(super) limit: f64,
    pub(super) in_flight: f64,
}

impl Means {
    pub(super) fn of(course: &Course, seconds: Range<u32>) -> Self {
        let within = f64::from(seconds.start)..f64::from(seconds.end);
        let samples = course.samples.iter();
        let samples: Vec<_> =
            samples.filter(|sample| within.contains(&sample.at.as_secs_f64())).collect();
        let mean = |sum: usize| sum as f64 / samples.len() as f64;
        Self {
            limit: mean(samples.iter().map(|sample| sample.limit).sum()),
            in_flight: mean(samples.iter().map(|sample| sample.in_flight).sum()),
        }
    }
}
