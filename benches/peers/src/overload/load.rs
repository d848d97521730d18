use std::time::Duration;

use battlement_testkit::load::{Arrival, End, OpenLoop};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::{
    callers::{Caller, PATIENCE},
    case::Phases,
    limit::CRITICAL,
};

/// The load of a phase, as a share of the capacity.
const HALF: f64 = 0.5;
const OVERLOAD: f64 = 3.0;
/// The share of the upper class in the load.
const UPPER: f64 = 0.2;

/// A request of the load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// The time from the start until the request was due.
    pub(super) due: Duration,
    /// The time from `due` until the end of the request.
    pub(super) latency: Duration,
    /// The end of the request, or `None` if it was given up.
    pub(super) end: Option<End>,
    pub(super) is_upper: bool,
}

/// Sends requests at half of the capacity, at three times it, and at half of it again.
pub(super) async fn run(caller: &Caller, capacity: f64, phases: Phases) -> Vec<Call> {
    let Phases { before, overload, after } = phases;
    let seconds = |seconds| Duration::from_secs(u64::from(seconds));
    let phases = [
        (HALF, Duration::ZERO, seconds(before)),
        (OVERLOAD, seconds(before), seconds(overload)),
        (HALF, seconds(before + overload), seconds(after)),
    ];
    let classes = [(CRITICAL, UPPER), ("default", 1.0 - UPPER)];
    let generators = phases.into_iter().flat_map(|phase| classes.map(|class| (phase, class)));
    let start = Instant::now();
    let calls = join_all(generators.enumerate().map(async |(seed, (phase, (class, share)))| {
        let (load, delay, time) = phase;
        let per_second = load * share * capacity;
        let requests = (per_second * time.as_secs_f64()) as usize;
        let generator = OpenLoop::new(per_second).requests(requests).seed(seed as u64);
        let generator = generator.delay(delay).patience(PATIENCE);
        let arrivals = generator.run(|| caller.clone().call(class));
        let call = |arrival: &Arrival| Call {
            due: arrival.due - start,
            latency: arrival.latency,
            end: arrival.end,
            is_upper: class == CRITICAL,
        };
        arrivals.await.iter().map(call).collect::<Vec<_>>()
    }));
    calls.await.concat()
}
