use proptest::prelude::*;

use super::*;
use crate::random::draw;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn ends(backoff: Backoff, retry: u32, previous: Option<Duration>) -> (Duration, Duration) {
    (backoff.wait(retry, previous, 0), backoff.wait(retry, previous, u64::MAX))
}

fn fields(jitter: Jitter, base: Duration, cap: Duration) -> Vec<String> {
    let error = Backoff::try_new(jitter, base, cap).unwrap_err();
    error.fields().iter().map(ToString::to_string).collect()
}

#[test]
fn full_jitter_is_from_zero_to_a_wait_that_doubles_up_to_the_cap() {
    let most = [25, 50, 100, 200, 250, 250];
    for (retry, most) in (1..).zip(most) {
        assert_eq!(ends(Backoff::default(), retry, None), (Duration::ZERO, MS(most)), "{retry}");
    }
    assert_eq!(ends(Backoff::default(), u32::MAX, None), (Duration::ZERO, MS(250)));
    assert_eq!(ends(Backoff::default(), 0, None), ends(Backoff::default(), 1, None));
}

#[test]
fn the_backoff_for_overload_waits_at_least_half() {
    for (retry, most) in (1..).zip([500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
        let expected = (MS(most / 2), MS(most));
        assert_eq!(ends(Backoff::overload(), retry, None), expected, "{retry}");
    }
    assert_eq!(Backoff::overload(), Backoff::new(Jitter::Equal, MS(500), MS(5_000)));
    assert_eq!(Backoff::overload().cap(), MS(5_000));
}

#[test]
fn decorrelated_jitter_is_from_the_base_to_three_times_the_previous_wait() {
    let backoff = Backoff::new(Jitter::Decorrelated, MS(25), MS(250));
    assert_eq!(ends(backoff, 1, None), (MS(25), MS(75)));
    assert_eq!(ends(backoff, 2, Some(MS(60))), (MS(25), MS(180)));
    assert_eq!(ends(backoff, 2, Some(MS(1))), (MS(25), MS(75)));
    assert_eq!(ends(backoff, 9, Some(MS(250))), (MS(25), MS(250)));
    assert_eq!(ends(backoff, 9, Some(Duration::MAX)), (MS(25), MS(250)));
}

#[test]
fn jitter_varies_at_the_cap_and_for_whole_seconds() {
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
        let backoff = Backoff::new(jitter, Duration::from_secs(1), Duration::from_secs(2));
        for retry in [1, 2, 40] {
            let previous = Some(Duration::from_secs(2));
            let waits: std::collections::HashSet<_> =
                (0..1_000).map(|_| backoff.wait(retry, previous, draw())).collect();
            assert!(waits.len() > 990, "{jitter:?}: {} different waits", waits.len());
            assert!(waits.iter().any(|wait| wait.subsec_nanos() % 1_000 != 0));
        }
    }
}

#[test]
fn the_mean_of_the_jitter_is_the_middle_of_its_range() {
    let mean = |backoff: Backoff| {
        let waits = (0..100_000).map(|_| backoff.wait(40, Some(MS(1_000)), draw()));
        waits.sum::<Duration>() / 100_000
    };
    let of = |jitter| mean(Backoff::new(jitter, MS(100), MS(1_000)));
    // The standard error is less than 1 ms.
    for (mean, expected) in
        [(of(Jitter::Full), 500), (of(Jitter::Equal), 750), (of(Jitter::Decorrelated), 550)]
    {
        assert!(mean.abs_diff(MS(expected)) < MS(6), "{mean:?} instead of {expected} ms");
    }
}

#[test]
fn a_cap_below_the_base_a_zero_base_and_an_overflow_are_errors() {
    let cap = "cap: must be at least `base` (2ms), got 1ms";
    assert_eq!(fields(Jitter::Full, MS(2), MS(1)), [cap]);
    assert_eq!(fields(Jitter::Full, MS(0), MS(1)), ["base: must be greater than zero"]);
    let same = "cap: must be greater than `base` (1ms) for decorrelated jitter";
    assert_eq!(fields(Jitter::Decorrelated, MS(1), MS(1)), [same]);
    assert!(Backoff::try_new(Jitter::Equal, MS(1), MS(1)).is_ok());
    let most = Duration::from_nanos(u64::MAX);
    let longer = most + Duration::from_nanos(1);
    let overflow = |field| format!("{field}: must be at most 584 years, got {longer:?}");
    assert_eq!(fields(Jitter::Full, MS(1), longer), [overflow("cap")]);
    assert_eq!(fields(Jitter::Full, longer, longer), [overflow("base"), overflow("cap")]);
    assert!(Backoff::try_new(Jitter::Full, MS(1), most).is_ok());
}

#[test]
#[should_panic(expected = "backoff: cap: must be at least `base` (2ms), got 1ms")]
fn literals_that_contradict_each_other_panic() {
    let _ = Backoff::new(Jitter::Full, MS(2), MS(1));
}

proptest! {
    #[test]
    fn no_wait_overflows_or_exceeds_the_cap(
        base in 1..=u64::MAX,
        above in 1..=u64::MAX,
        retry: u32,
        previous: Option<Duration>,
        random: u64,
    ) {
        let (base, cap) = (base.min(u64::MAX - 1), base.saturating_add(above));
        let (base, cap) = (Duration::from_nanos(base), Duration::from_nanos(cap));
        for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
            let backoff = Backoff::new(jitter, base, cap);
            let wait = backoff.wait(retry, previous, random);
            let least = match jitter {
                Jitter::Full => Duration::ZERO,
                Jitter::Equal => base / 2,
                Jitter::Decorrelated => base,
            };
            prop_assert!(wait <= cap && wait >= least, "{:?}: {:?}", jitter, wait);
            prop_assert!(jitter != Jitter::Full || wait <= backoff.wait(retry, None, u64::MAX));
        }
    }
}
