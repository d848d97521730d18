use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Decision, Sample, Sampler};
use crate::{Algorithm, LimitCause, Window};

const MS: Duration = Duration::from_millis(1);

/// An algorithm that returns one limit, and keeps the windows.
#[derive(Clone)]
struct Fixed(usize, Arc<Mutex<Vec<Window>>>);

impl Algorithm for Fixed {
    fn on_window(&mut self, window: Window) -> usize {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).push(window);
        self.0
    }
}

struct Clock {
    sampler: Sampler,
    windows: Arc<Mutex<Vec<Window>>>,
    now: Instant,
}

impl Clock {
    /// Creates a sampler with a limit of 20 whose algorithm returns `limit`.
    fn new(limit: usize) -> Self {
        let (now, windows) = (Instant::now(), Arc::default());
        let algorithm = Box::new(Fixed(limit, Arc::clone(&windows)));
        Self { sampler: Sampler::new(algorithm, 4, 1_000, 20, now), windows, now }
    }

    fn start(&self, in_flight: usize) -> Sample {
        self.sampler.start(|| self.now, in_flight)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// Answers a call that took `latency`.
    fn call(&mut self, latency: Duration) -> Option<Decision> {
        let sample = self.start(3);
        self.wait(latency);
        self.sampler.answered(sample, self.now)
    }

    fn windows(&self) -> Vec<Window> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[test]
fn a_window_ends_after_100_ms_and_ten_calls() {
    let mut clock = Clock::new(20);
    for _ in 0..9 {
        clock.call(MS);
    }
    clock.wait(MS * 400);
    assert!(clock.windows().is_empty(), "nine calls");
    clock.call(MS);
    assert_eq!(clock.windows().len(), 1);

    for _ in 0..99 {
        clock.call(MS);
    }
    assert_eq!(clock.windows().len(), 1, "99 ms");
    clock.call(MS);
    assert_eq!(clock.windows().len(), 2);
    assert_eq!(clock.windows()[1].length, MS * 100);
    assert_eq!(clock.windows()[1].samples, 100);
}

// Seven calls of at least 128 pass before the end of a window is seen.
#[test]
fn of_many_calls_every_eighth_may_end_a_window() {
    let mut clock = Clock::new(20);
    for _ in 0..128 {
        clock.call(Duration::ZERO);
    }
    clock.wait(MS * 100);
    let more = (1..=8).find(|_| {
        clock.call(Duration::ZERO);
        !clock.windows().is_empty()
    });
    assert_eq!(more, Some(8));
    assert_eq!(clock.windows()[0].samples, 136);
}

// Calls of 10 µs and of 30 µs in turn: one call in eight that is always of the same kind would show 10 or 30 µs.
#[test]
fn of_many_calls_one_in_eight_is_timed_and_counts_for_eight() {
    let mut clock = Clock::new(20);
    let mut timed = 0;
    for call in 0..10_000 {
        let sample = clock.start(3);
        timed += u64::from(sample.is_timed());
        clock.wait(Duration::from_micros(if call % 2 == 0 { 10 } else { 30 }));
        clock.sampler.answered(sample, clock.now);
    }
    let windows = clock.windows();
    assert_eq!(windows.len(), 1);
    assert!((4_950..5_100).contains(&windows[0].samples), "{}", windows[0].samples);
    let latency = windows[0].latency.as_secs_f64() * 1e6;
    assert!((19.6..20.4).contains(&latency), "{latency} µs");
    assert!((windows[0].in_flight_mean - 3.0).abs() < 1e-9);
    // All of the first 512 of both windows, and an eighth of the others.
    assert!((2_100..2_200).contains(&timed), "{timed}");
}

#[test]
fn every_drop_counts_once_also_that_of_a_call_that_is_not_timed() {
    let mut clock = Clock::new(20);
    for _ in 0..600 {
        clock.call(Duration::ZERO);
    }
    clock.wait(MS * 100);
    let drops: Vec<_> = (0..100).map(|_| clock.start(1)).collect();
    assert!(drops.iter().any(|drop| !drop.is_timed()));
    for sample in &drops[1..] {
        assert_eq!(clock.sampler.dropped(*sample, clock.now - MS), None);
    }
    assert!(clock.windows().is_empty(), "99 ms");
    clock.sampler.dropped(drops[0], clock.now);
    assert_eq!(clock.windows()[0].dropped, 100);
    assert!(clock.windows()[0].samples.abs_diff(600) < 16);
}

#[test]
fn a_window_holds_means_and_maxima() {
    let clock = &mut Clock::new(20);
    for in_flight in [1, 2, 6] {
        let sample = clock.start(in_flight);
        clock.sampler.answered(sample, clock.now + MS * 2);
    }
    let samples: Vec<_> = (0..7).map(|_| clock.start(3)).collect();
    clock.wait(MS * 200);
    for sample in samples {
        clock.sampler.dropped(sample, clock.now);
    }
    clock.sampler.note_full();
    clock.call(Duration::ZERO);
    assert_eq!(clock.windows().len(), 1);

    let Window { latency, .. } = clock.windows()[0];
    assert!(latency <= MS * 2 && latency > MS * 2 - MS / 1_000, "{latency:?}");
    let expected = Window {
        length: MS * 200,
        samples: 3,
        dropped: 7,
        latency,
        in_flight_mean: 3.0,
        in_flight_max: 6,
        is_full: false,
        limit: 20,
        minimum: 4,
        maximum: 1_000,
    };
    assert_eq!(clock.windows()[0], expected);
}

#[test]
fn calls_from_before_a_change_of_the_limit_do_not_judge_it() {
    let mut clock = Clock::new(10);
    let old: Vec<_> = (0..100).map(|_| clock.start(20)).collect();
    let decision = (0..100).find_map(|_| clock.call(MS));
    assert_eq!(decision, Some(Decision { limit: 10, cause: LimitCause::Latency }));
    for sample in old {
        clock.wait(MS * 10);
        assert_eq!(clock.sampler.answered(sample, clock.now), None);
    }
    assert_eq!(clock.windows().len(), 1);
    for _ in 0..200 {
        clock.call(MS);
    }
    assert_eq!(clock.windows()[1].in_flight_max, 3);
    assert_eq!(clock.windows()[1].limit, 10);
}

// The fastest calls end first: a window that begins with the change would show a latency that is too low.
#[test]
fn a_window_begins_three_latencies_after_a_change() {
    let mut clock = Clock::new(10);
    while clock.call(MS * 50).is_none() {}
    let changed = clock.now;
    let samples: Vec<_> = (0..12).map(|_| clock.start(9)).collect();
    for sample in &samples[..6] {
        assert_eq!(clock.sampler.answered(*sample, changed + MS * 149), None);
    }
    clock.now = changed + MS * 250;
    for sample in &samples {
        clock.sampler.answered(*sample, clock.now);
    }
    let windows = clock.windows();
    assert_eq!(windows.len(), 1, "the window of twice the latency has not ended");
    clock.now = changed + MS * 2_000;
    clock.call(Duration::ZERO);
    assert_eq!(clock.windows()[1].samples, 13);
    assert_eq!(clock.windows()[1].length, MS * 1_850);
}

#[test]
fn a_slow_call_counts_with_eight_times_the_mean() {
    let mut clock = Clock::new(20);
    for _ in 0..100 {
        clock.call(MS);
    }
    let slow = clock.start(1);
    for _ in 0..99 {
        clock.call(MS);
    }
    clock.sampler.answered(slow, clock.now + Duration::from_secs(5));
    let latency = clock.windows()[1].latency.as_secs_f64() * 1e3;
    assert!((latency - 1.07).abs() < 0.001, "{latency} ms");
}

#[test]
fn a_limit_is_moved_into_the_bounds() {
    for (returned, limit) in [(0, 4), (5_000, 1_000), (usize::MAX, 1_000)] {
        let mut clock = Clock::new(returned);
        let decision = (0..100).find_map(|_| clock.call(MS)).expect("a decision");
        assert_eq!(decision.limit, limit);
    }
}

#[test]
fn a_decision_names_its_cause() {
    for (limit, dropped, cause) in
        [(30, 1, LimitCause::Growth), (10, 1, LimitCause::Drops), (10, 0, LimitCause::Latency)]
    {
        let mut clock = Clock::new(limit);
        for _ in 0..dropped {
            let sample = clock.start(1);
            clock.sampler.dropped(sample, clock.now);
        }
        let decision = (0..100).find_map(|_| clock.call(MS));
        assert_eq!(decision, Some(Decision { limit, cause }));
    }
}

#[test]
fn a_held_limit_is_judged_and_stays() {
    let mut clock = Clock::new(10);
    clock.sampler.hold(true);
    assert!(clock.sampler.is_held());
    assert!((0..250).all(|_| clock.call(MS).is_none()));
    assert_eq!(clock.windows().len(), 2);
    assert!(clock.windows().iter().all(|window| window.limit == 20));
    clock.sampler.hold(false);
    assert!((0..100).any(|_| clock.call(MS).is_some()));
}

#[test]
fn a_limit_that_was_set_begins_a_window() {
    let mut clock = Clock::new(10);
    let old = clock.start(20);
    for _ in 0..90 {
        clock.call(MS);
    }
    clock.sampler.note_full();
    clock.sampler.limit_was_set(50, clock.now);
    clock.wait(MS * 95);
    assert_eq!(clock.sampler.answered(old, clock.now), None);
    for _ in 0..10 {
        clock.call(MS);
    }
    let windows = clock.windows();
    assert_eq!((windows.len(), windows[0].limit, windows[0].is_full), (1, 50, false));
    assert!((5..=10).contains(&windows[0].samples), "{}", windows[0].samples);
}

// A service that answers within minutes does not hold its limit for as long.
#[test]
fn the_pause_after_a_change_is_at_most_six_seconds() {
    let mut clock = Clock::new(10);
    while clock.call(Duration::from_secs(60)).is_none() {}
    clock.wait(MS * 5_999);
    let samples: Vec<_> = (0..20).map(|_| clock.start(1)).collect();
    for sample in &samples[..10] {
        clock.sampler.answered(*sample, clock.now);
    }
    clock.wait(MS * 4_001);
    for sample in &samples[10..] {
        clock.sampler.answered(*sample, clock.now);
    }
    assert_eq!(clock.windows().last().map(|window| window.samples), Some(10));
}

#[test]
fn an_algorithm_that_panicked_is_called_again() {
    struct Panics;

    impl Algorithm for Panics {
        fn on_window(&mut self, _: Window) -> usize {
            panic!("a fault of the algorithm");
        }
    }

    let mut clock = Clock::new(20);
    clock.sampler = Sampler::new(Box::new(Panics), 4, 1_000, 20, clock.now);
    for window in ["first", "second"] {
        let calls = AssertUnwindSafe(|| {
            for _ in 0..110 {
                clock.call(MS);
            }
        });
        assert!(catch_unwind(calls).is_err(), "the {window} window");
    }
}

#[test]
fn a_window_of_drops_alone_teaches_no_latency() {
    let mut clock = Clock::new(20);
    for _ in 0..20 {
        clock.call(MS * 10);
    }
    let drops: Vec<_> = (0..10).map(|_| clock.start(1)).collect();
    clock.wait(MS * 200);
    for sample in drops {
        clock.sampler.dropped(sample, clock.now);
    }
    for _ in 0..9 {
        clock.call(MS * 10);
    }
    clock.wait(MS * 100);
    clock.call(MS * 170);
    let latencies: Vec<_> =
        clock.windows().iter().map(|window| window.latency.as_millis()).collect();
    assert_eq!(latencies[latencies.len() - 2..], [0, 17], "a call counts with at most 80 ms");
}
