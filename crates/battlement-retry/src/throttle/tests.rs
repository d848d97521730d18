use proptest::prelude::*;

use super::{window::Counts, *};
use crate::random::draw;

const WINDOW: Duration = Duration::from_secs(20);

/// Results of calls to an upstream.
#[derive(Debug, Default)]
struct Results {
    calls: u32,
    sent: u32,
    accepted: u32,
}

/// Makes 100 calls a second for `seconds`, each of which `accepts` judges by its number.
fn run(
    throttle: &Throttle,
    from: Instant,
    seconds: u32,
    mut accepts: impl FnMut(u32) -> bool,
) -> Results {
    let mut results = Results::default();
    for call in 0..100 * seconds {
        let at = from + Duration::from_millis(10) * call;
        results.calls += 1;
        let Some(ticket) = throttle.begin(at, draw()) else { continue };
        results.sent += 1;
        if accepts(results.sent) {
            results.accepted += 1;
            ticket.accept();
        }
    }
    results
}

#[test]
fn an_upstream_that_accepts_a_quarter_receives_at_most_k_times_that_plus_a_tenth_of_all() {
    for k in [1.0, 1.5, 2.0, 3.0] {
        let throttle = Throttle::new(k, WINDOW);
        let results = run(&throttle, Instant::now(), 200, |sent| sent % 4 == 0);
        let most = k * f64::from(results.accepted) + 0.1 * f64::from(results.calls);
        assert!(f64::from(results.sent) <= most, "k = {k}: {results:?}");
        assert!(results.sent >= results.calls / 12, "k = {k}: {results:?}");
    }
}

#[test]
fn an_upstream_that_can_accept_only_25_a_second_receives_at_most_k_times_that_plus_a_tenth() {
    let throttle = Throttle::new(2.0, WINDOW);
    let (mut left, start) = (0.0, Instant::now());
    let mut results = Results::default();
    for call in 0..20_000 {
        left = f64::min(left + 0.25, 1.0);
        results.calls += 1;
        let Some(ticket) = throttle.begin(start + Duration::from_millis(10) * call, draw()) else {
            continue;
        };
        results.sent += 1;
        if left >= 1.0 {
            left -= 1.0;
            results.accepted += 1;
            ticket.accept();
        }
    }
    let most = 2.0 * f64::from(results.accepted) + 0.1 * f64::from(results.calls);
    assert!(f64::from(results.sent) <= most, "{results:?}");
    assert!(results.accepted >= 3_000, "{results:?}");
}

#[test]
fn an_upstream_that_accepts_half_of_the_calls_receives_all_of_them() {
    let throttle = Throttle::default();
    let results = run(&throttle, Instant::now(), 200, |sent| sent % 2 == 1);
    assert_eq!(results.sent, results.calls);
}

#[test]
fn once_the_upstream_is_well_every_call_passes_within_one_window() {
    let (throttle, start) = (Throttle::new(2.0, WINDOW), Instant::now());
    let down = run(&throttle, start, 60, |_| false);
    assert!((600..1_000).contains(&down.sent), "{down:?}");
    let well = start + Duration::from_secs(60);
    run(&throttle, well, 21, |_| true);
    let after = run(&throttle, well + Duration::from_secs(21), 60, |_| true);
    assert_eq!(after.sent, after.calls);
}

#[test]
fn calls_without_an_answer_are_throttled_and_answers_within_the_window_count() {
    let (throttle, start) = (Throttle::new(2.0, WINDOW), Instant::now());
    let tickets: Vec<_> = (0..100).map(|_| throttle.begin(start, 0).unwrap()).collect();
    assert!(throttle.begin(start, 0).is_none());
    // The probability is at most 0.9.
    let tenth = |of: u64| u64::MAX / 10 * of;
    assert!(throttle.begin(start, tenth(9) - (1 << 40)).is_none());
    assert!(throttle.begin(start, tenth(9) + (1 << 40)).is_some());
    let late = start + WINDOW;
    assert!(throttle.begin(late, 0).is_none());
    tickets.into_iter().take(60).for_each(ThrottleTicket::accept);
    assert!(throttle.begin(late, 0).is_some());
}

#[test]
fn the_probability_is_that_of_the_book() {
    let (throttle, now) = (Throttle::new(2.0, WINDOW), Instant::now());
    let tickets: Vec<_> = (0..100).map(|_| throttle.begin(now, 0).unwrap()).collect();
    tickets.into_iter().take(25).for_each(ThrottleTicket::accept);
    // (100 - 2 * 25) / 101, and (101 - 2 * 25) / 102 after the rejection.
    let at = |probability: f64| (probability * u64::MAX as f64) as u64;
    assert!(throttle.begin(now, at(50.0 / 101.0 - 1e-9)).is_none());
    assert!(throttle.begin(now, at(51.0 / 102.0 + 1e-9)).is_some());
}

#[test]
fn an_answer_after_the_window_does_not_count() {
    let (throttle, start) = (Throttle::new(2.0, WINDOW), Instant::now());
    let ticket = throttle.begin(start, 0).unwrap();
    let kept = throttle.begin(start + Duration::from_secs(2), 0).unwrap();
    let late = start + WINDOW + Duration::from_secs(1);
    let slot = throttle.slot(late);
    assert_eq!(throttle.lock().counts(slot), Counts { calls: 1, sent: 1, accepted: 0 });
    ticket.accept();
    assert_eq!(throttle.lock().counts(slot), Counts { calls: 1, sent: 1, accepted: 0 });
    kept.accept();
    assert_eq!(throttle.lock().counts(slot), Counts { calls: 1, sent: 1, accepted: 1 });
}

#[test]
fn a_k_below_1_and_a_window_of_no_use_are_errors() {
    for k in [0.9, f64::NAN, f64::INFINITY] {
        let error = Throttle::try_new(k, Duration::ZERO).unwrap_err().to_string();
        let expected =
            format!("throttle: k: must be at least 1, got {k}; window: must be 1s to 1d, got 0ns");
        assert_eq!(error, expected);
    }
    assert!(Throttle::try_new(1.0, Duration::from_secs(1)).is_ok());
    assert!(Throttle::try_new(1.0, Duration::from_secs(86_400)).is_ok());
    assert!(Throttle::try_new(1.0, Duration::from_secs(86_401)).is_err());
}

#[test]
fn a_call_that_is_cancelled_after_the_window_does_not_count() {
    let (mut window, slot) = (Window::default(), 3);
    let last = slot + window::STEPS;
    window.record(slot, true);
    window.record(last, true);
    window.cancel(slot);
    assert_eq!(window.counts(last), Counts { calls: 1, sent: 1, accepted: 0 });
    window.record(last + 1, true);
    window.cancel(slot);
    assert_eq!(window.counts(last + 1), Counts { calls: 2, sent: 2, accepted: 0 });
}

proptest! {
    #[test]
    fn the_window_equals_a_list_of_calls(
        steps in proptest::collection::vec((0_u64..4, any::<bool>(), 0_u8..3), 0..200),
        jumps in proptest::collection::vec((0_usize..200, 0_u64..60), 0..4),
    ) {
        let (mut window, mut now) = (Window::default(), 0);
        let mut model: Vec<(u64, bool, bool)> = Vec::new();
        for (number, (step, is_sent, end)) in steps.into_iter().enumerate() {
            now += step + jumps.iter().filter(|(at, _)| *at == number).map(|(_, by)| by).sum::<u64>();
            let slot = window.record(now, is_sent);
            prop_assert_eq!(slot, now);
            match end {
                1 if is_sent => window.accept(slot),
                2 if is_sent => window.cancel(slot),
                _ => {}
            }
            if !(is_sent && end == 2) {
                model.push((now, is_sent, is_sent && end == 1));
            }
            let seen: Vec<_> = model.iter().filter(|(at, ..)| at + window::STEPS >= now).collect();
            let count = |is: fn(&(u64, bool, bool)) -> bool| seen.iter().filter(|call| is(call)).count() as u64;
            let expected = Counts { calls: count(|_| true), sent: count(|c| c.1), accepted: count(|c| c.2) };
            prop_assert_eq!(window.counts(now), expected);
            prop_assert_eq!(window.counts(now.saturating_sub(3)), expected);
        }
    }
}
