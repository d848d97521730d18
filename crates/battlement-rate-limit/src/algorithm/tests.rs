use std::{num::NonZeroU32, time::Duration};

use governor::{Quota, RateLimiter, clock::FakeRelativeClock};
use proptest::prelude::*;

use super::{rule::Kind, *};

mod change;

const SECOND: u64 = 1_000_000_000;

/// Returns steps: a time that passes, and a cost.
fn steps(period: u64) -> impl Strategy<Value = Vec<(u64, u32)>> {
    prop::collection::vec((0..period.max(2), 0_u32..12), 1..80)
}

fn gcra(interval: u64, capacity: u32) -> Rule {
    Rule(Kind::Gcra(Gcra::new(interval, capacity)))
}

fn fixed(quota: u32, period: u64) -> Rule {
    Rule(Kind::Fixed(Window::new(quota, Duration::from_nanos(period))))
}

fn sliding(quota: u32, period: u64) -> Rule {
    Rule(Kind::Sliding(Window::new(quota, Duration::from_nanos(period))))
}

proptest! {
    #[test]
    fn gcra_agrees_with_governor_s_own_store_and_with_a_bucket_that_leaks(
        interval in 1_u64..5_000,
        capacity in 1_u32..20,
        steps in steps(20_000),
    ) {
        let rule = gcra(interval, capacity);
        let clock = FakeRelativeClock::default();
        let quota = Quota::with_period(Duration::from_nanos(interval)).unwrap();
        let quota = quota.allow_burst(NonZeroU32::new(capacity).unwrap());
        let governor = RateLimiter::direct_with_clock(quota, clock.clone());
        // The level of the bucket is the sum of all taken units, less what has leaked.
        let (mut cell, mut now, mut bucket) = (Cell::default(), 0_u64, 0_u64);
        for (later, cost) in steps {
            now += later;
            clock.advance(Duration::from_nanos(later));
            bucket = bucket.saturating_sub(later);
            let size = u64::from(capacity) * interval;
            let fits = bucket + u64::from(cost) * interval <= size;
            let taken = rule.take(cell, now, cost);
            prop_assert_eq!(taken.is_ok(), fits);
            if let Some(cost) = NonZeroU32::new(cost) {
                prop_assert_eq!(matches!(governor.check_n(cost), Ok(Ok(()))), fits);
            }
            if let Ok(after) = taken {
                cell = after;
                bucket += u64::from(cost) * interval;
            }
            prop_assert_eq!(u64::from(rule.remaining(cell, now).units), (size - bucket) / interval);
        }
    }

    #[test]
    fn a_fixed_window_admits_its_quota_and_restarts(
        quota in 1_u32..20, period in 2_u64..10_000, steps in steps(5_000),
    ) {
        let rule = fixed(quota, period);
        let (mut cell, mut now) = (Cell::default(), 0);
        let mut open: Option<(u64, u32)> = None;
        for (later, cost) in steps {
            now += later;
            let (began, used) = open.filter(|(began, _)| now < began + period).unwrap_or((now, 0));
            let taken = rule.take(cell, now, cost);
            prop_assert_eq!(taken.is_ok(), used + cost <= quota);
            if let Ok(after) = taken {
                cell = after;
                open = Some((began, used + cost));
            }
            let used = open.filter(|(began, _)| now < began + period).map_or(0, |(_, used)| used);
            prop_assert_eq!(rule.remaining(cell, now).units, quota - used);
        }
    }

    #[test]
    fn a_sliding_window_counts_the_previous_one_by_its_remaining_share(
        quota in 1_u32..20, period in 2_u64..10_000, steps in steps(5_000),
    ) {
        let rule = sliding(quota, period);
        let (mut cell, mut now) = (Cell::default(), 0);
        // The start of the first window, and the used units of each.
        let mut log: Option<(u64, Vec<u32>)> = None;
        for (later, cost) in steps {
            now += later;
            if let Some((first, windows)) = &log
                && ((now - first) / period) as usize > windows.len()
            {
                log = None;
            }
            let (first, mut windows) = log.clone().unwrap_or((now, vec![0]));
            windows.resize(windows.len().max(((now - first) / period) as usize + 1), 0);
            let before = windows.iter().rev().nth(1).copied().unwrap_or(0);
            let rest = period - (now - first) % period;
            let faded = (u64::from(before) * rest).div_ceil(period) as u32;
            let taken = rule.take(cell, now, cost);
            prop_assert_eq!(taken.is_ok(), faded + windows.last().unwrap() + cost <= quota);
            if let Ok(after) = taken {
                cell = after;
                *windows.last_mut().unwrap() += cost;
                log = Some((first, windows));
            }
        }
    }

    #[test]
    fn a_denied_cost_is_allowed_after_its_wait_and_not_a_nanosecond_before(
        which in 0..3, quota in 1_u32..20, period in 20_u64..10_000, steps in steps(5_000),
    ) {
        let rule = match which {
            0 => gcra(period / u64::from(quota), quota),
            1 => fixed(quota, period),
            _ => sliding(quota, period),
        };
        let (mut cell, mut now) = (Cell::default(), 0);
        for (later, cost) in steps {
            now += later;
            match rule.take(cell, now, cost) {
                Ok(after) => cell = after,
                Err(Denied { wait: None }) => prop_assert!(cost > quota),
                Err(Denied { wait: Some(wait) }) => {
                    prop_assert!(rule.take(cell, now + wait, cost).is_ok());
                    prop_assert!(rule.take(cell, now + wait - 1, cost).is_err());
                }
            }
            let left = rule.remaining(cell, now);
            if left.units < quota {
                prop_assert!(rule.remaining(cell, now + left.reset).units > left.units);
                prop_assert!(rule.remaining(cell, now + left.reset - 1).units <= left.units);
            }
        }
    }

    #[test]
    fn an_immediate_refund_restores_the_remaining_units(
        which in 0..3, steps in steps(5_000),
    ) {
        let rule = match which {
            0 => gcra(100, 10),
            1 => fixed(10, 1_000),
            _ => sliding(10, 1_000),
        };
        let (mut cell, mut now) = (Cell::default(), 0);
        for (later, cost) in steps {
            now += later;
            if let Ok(after) = rule.take(cell, now, cost) {
                let refunded = rule.refund(after, now, cost, now, rule.remaining(after, now));
                prop_assert_eq!(rule.remaining(refunded, now).units, rule.remaining(cell, now).units);
                cell = after;
            }
        }
    }
}

#[test]
fn a_cost_above_the_capacity_is_never_allowed() {
    for rule in [gcra(SECOND, 5), fixed(5, SECOND), sliding(5, SECOND)] {
        assert_eq!(rule.take(Cell::default(), 0, 6), Err(Denied { wait: None }));
        assert_eq!(rule.take(Cell::default(), 0, u32::MAX), Err(Denied { wait: None }));
    }
}

#[test]
fn a_refund_after_its_window_gives_nothing_to_the_next() {
    let rule = fixed(5, SECOND);
    let first = rule.take(Cell::default(), 0, 5).unwrap();
    let next = rule.take(first, 2 * SECOND, 5).unwrap();
    let left = rule.remaining(first, 0);
    assert_eq!(rule.refund(next, 2 * SECOND, 5, 0, left), next);
    let rule = sliding(5, SECOND);
    let next = rule.take(first, 5 * SECOND, 5).unwrap();
    assert_eq!(rule.refund(next, 5 * SECOND, 5, 0, left), next);
}

#[test]
fn a_refund_returns_only_units_that_have_not_come_back() {
    let rule = gcra(SECOND, 5);
    let slow = rule.take(Cell::default(), 0, 2).unwrap();
    let left = rule.remaining(slow, 0);
    for (now, expected) in [(0, 3), (SECOND, 2), (2 * SECOND, 1), (9 * SECOND, 1)] {
        // Four more units are taken meanwhile, and the refund of the two must not return those.
        let later = rule.take(Cell::default(), now, 4).unwrap();
        assert_eq!(rule.remaining(rule.refund(later, now, 2, 0, left), now).units, expected);
    }
}

#[test]
fn a_cell_of_a_larger_policy_is_cut_to_the_smaller() {
    let large = gcra(SECOND, 100);
    let cell = large.take(Cell::default(), 0, 100).unwrap();
    let small = gcra(SECOND, 2);
    assert_eq!(small.remaining(small.settle(cell, 0), 0), Remaining { units: 0, reset: SECOND });
    let small = fixed(2, SECOND);
    let cell = fixed(9, 60 * SECOND).take(Cell::default(), 0, 9).unwrap();
    assert_eq!(small.remaining(small.settle(cell, 0), 0), Remaining { units: 0, reset: SECOND });
}

#[test]
fn a_refund_to_a_policy_that_has_become_longer_takes_nothing() {
    let hour = 3_600 * SECOND;
    for (short, long) in
        [(fixed(5, SECOND), fixed(5, hour)), (sliding(5, SECOND), sliding(5, hour))]
    {
        let cell = short.take(Cell::default(), 0, 2).unwrap();
        let left = short.remaining(cell, 0);
        let refunded = long.refund(cell, 1, 2, 0, left);
        let left = |cell| long.remaining(long.settle(cell, 1), 1).units;
        assert!(left(refunded) >= left(cell), "{long:?}");
    }
}

#[test]
fn all_valid_rates_and_bursts_are_counted_without_overflow() {
    let day = 86_400 * SECOND;
    for (interval, capacity) in [(day, 100_000), (1_000, u32::MAX), (1_000, 1)] {
        let rule = gcra(interval, capacity);
        let cell = rule.take(Cell::default(), day, capacity).unwrap();
        assert_eq!(rule.remaining(cell, day).units, 0);
        assert!(rule.take(cell, day, capacity).is_err());
        if let Some(more) = capacity.checked_add(1) {
            for cost in [more, u32::MAX] {
                let never = Err(Denied { wait: None });
                assert_eq!(rule.take(Cell::default(), day, cost), never, "{cost} of {capacity}");
            }
        }
        let left = rule.remaining(cell, day);
        assert!(rule.refund(cell, day, u32::MAX, day, left).is_spent(day));
    }
}

#[test]
fn a_rule_is_identified_by_the_same_bits_in_all_processes_and_releases() {
    for (interval, capacity, bits) in [
        (6 * SECOND, 10, 0x7dcf_e6be),
        (SECOND, 5, 0xa3ae_b4ae),
        (86_400 * SECOND, 100, 0x5755_41f6),
        (1_000, u32::MAX, 0xaf30_f33a),
    ] {
        assert_eq!(gcra(interval, capacity).numbers().rule, bits);
    }
}

#[test]
fn a_refund_reaches_the_previous_window() {
    let rule = sliding(5, SECOND);
    let cell = rule.take(Cell::default(), 0, 4).unwrap();
    let (left, now) = (rule.remaining(cell, 0), SECOND + SECOND / 5);
    assert_eq!(rule.remaining(cell, now).units, 1);
    assert_eq!(rule.remaining(rule.refund(cell, now, 4, 0, left), now).units, 5);
    let cell = rule.take(cell, now, 1).unwrap();
    let refunded = rule.refund(cell, now, 4, 0, left);
    assert_eq!(rule.remaining(refunded, now).units, 4, "the current window keeps its count");
}

#[test]
fn a_sliding_window_ends_exactly_after_its_period() {
    let rule = sliding(5, SECOND);
    let cell = rule.take(Cell::default(), 0, 1).unwrap();
    let cell = rule.take(cell, SECOND, 3).unwrap();
    assert_eq!(rule.remaining(cell, 2 * SECOND - 1).units, 1);
}

#[test]
fn the_numbers_of_a_cell_give_the_cell_again() {
    let at = 7 * SECOND;
    for rule in [gcra(SECOND + 7, 5), fixed(5, SECOND), sliding(5, SECOND)] {
        let first = rule.take(Cell::default(), at - SECOND / 2, 2).unwrap();
        let cell = rule.take(first, at + SECOND, 1).unwrap();
        let Numbers { kind, scale, rule: id, .. } = rule.numbers();
        let (until, [used, before]) = (cell.expires_at(), [cell.used(), cell.before()]);
        let words = if kind == 1 { [(until % 1_000) as u32, id] } else { [used, before] };
        let until = if kind == 1 { until / 1_000 * 1_000 } else { until };
        assert_eq!(rule.cell(until, words, scale), cell, "{rule:?}");
    }
    let rule = sliding(5, SECOND);
    let cell = rule.cell(2 * SECOND, [1, 2], rule.numbers().scale);
    assert_eq!((cell.used(), cell.before()), (1, 2));
}

#[test]
fn the_scale_of_a_window_is_not_less_than_its_period() {
    for period in [1_000_u64, 999_999, 16_777_217_000, 16_777_219_000, 3_763_331_488_631_000_000] {
        let scale = fixed(1, period).numbers().scale;
        let micros = period as f64 / 1_000.0;
        assert!((micros..=micros * (1.0 + 1e-6)).contains(&scale), "{period}: {scale}");
    }
}

#[test]
fn a_rule_in_microseconds_rounds_the_period_of_a_window_up() {
    for (rule, nanos) in [
        (gcra(1_001, 5), 1_001),
        (fixed(5, 1_000_001), 1_001_000),
        (sliding(5, 1_000_001), 1_001_000),
        (sliding(5, 2_000), 2_000),
    ] {
        let rounded = rule.in_micros();
        assert_eq!(rounded.numbers().nanos, nanos);
        assert_eq!(rounded.algorithm(), rule.algorithm());
    }
}
