use proptest::{collection::vec, prelude::*};

use super::*;

mod model;

use self::model::Model;

fn rules(fail_after: u32, recover_after: u32) -> Rules {
    Rules {
        critical: true,
        interval: Duration::from_secs(10),
        timeout: Duration::from_secs(2),
        fail_after,
        recover_after,
        stale_after: Duration::from_secs(30),
    }
}

/// Records results of consecutive runs, `p`, `d` or `f`, and returns what counts after each.
fn counted(rules: &Rules, results: &str) -> String {
    let (mut state, mut now) = (State::default(), Instant::now());
    let mut counted = String::new();
    for result in results.chars() {
        now += rules.interval;
        let result = match result {
            'p' => CheckState::pass(""),
            'd' => CheckState::degraded(""),
            _ => CheckState::fail(""),
        };
        state.record(result, now, rules);
        counted.extend(state.read(now, rules).as_str().chars().next());
    }
    counted
}

#[test]
fn the_first_result_counts_at_once() {
    for result in ["p", "d", "f"] {
        assert_eq!(counted(&rules(3, 3), result), result);
    }
}

#[test]
fn a_worse_result_counts_after_as_many_runs_in_a_row() {
    assert_eq!(counted(&rules(3, 1), "pffpfff"), "ppppppf");
    assert_eq!(counted(&rules(1, 1), "pfpd"), "pfpd");
    assert_eq!(counted(&rules(2, 1), "dffpdd"), "ddfppd");
}

#[test]
fn a_better_result_counts_after_as_many_runs_in_a_row() {
    assert_eq!(counted(&rules(1, 3), "fppfppp"), "ffffffp");
    assert_eq!(counted(&rules(1, 2), "fddpp"), "ffddp");
}

#[test]
fn of_worse_runs_the_mildest_counts_and_of_better_ones_the_worst() {
    assert_eq!(counted(&rules(3, 1), "pfdff"), "pppdd");
    assert_eq!(counted(&rules(3, 1), "pfdfff"), "pppddf");
    assert_eq!(counted(&rules(1, 2), "fpdp"), "ffdd");
    assert_eq!(counted(&rules(1, 2), "fdpp"), "ffdp");
}

#[test]
fn a_check_without_a_result_fails_and_has_no_age() {
    let (state, now, rules) = (State::default(), Instant::now(), rules(1, 1));
    assert_eq!(*state.read(now, &rules), CheckState::fail("no result yet"));
    assert_eq!((state.age(now), state.stale_at(now, &rules)), (None, None));
    assert!(!state.has_result());
}

#[test]
fn a_check_has_a_result_once_a_run_has_ended_even_if_the_result_is_stale() {
    let (mut state, now, rules) = (State::default(), Instant::now(), rules(1, 1));
    state.record(CheckState::fail("gone"), now, &rules);
    assert!(state.has_result());
    assert_eq!(state.read(now + rules.stale_after, &rules).as_str(), "fail");
    assert!(state.has_result());
}

#[test]
fn a_result_fails_once_it_is_stale_and_the_next_one_counts_at_once() {
    let (mut state, start, rules) = (State::default(), Instant::now(), rules(3, 3));
    state.record(CheckState::pass("fine"), start, &rules);
    let stale = start + rules.stale_after;
    let before = stale - Duration::from_nanos(1);
    assert_eq!(*state.read(before, &rules), CheckState::pass("fine"));
    assert_eq!(state.stale_at(before, &rules), Some(stale));
    let reason = "no result for 30 s; the last one was pass: fine";
    assert_eq!(*state.read(stale, &rules), CheckState::fail(reason));
    assert_eq!(state.stale_at(stale, &rules), None);
    assert_eq!(state.age(stale), Some(rules.stale_after));

    state.record(CheckState::degraded("slow"), stale, &rules);
    assert_eq!(*state.read(stale, &rules), CheckState::degraded("slow"));
    state.record(CheckState::fail("gone"), stale, &rules);
    assert_eq!(*state.read(stale, &rules), CheckState::degraded("slow"), "counted from the gap on");
}

#[test]
fn the_reason_is_that_of_the_last_run_with_the_status_that_counts() {
    let (mut state, now, rules) = (State::default(), Instant::now(), rules(3, 1));
    let mut reason = |result: CheckState| {
        state.record(result, now, &rules);
        state.read(now, &rules).reason().to_owned()
    };
    assert_eq!(reason(CheckState::pass("first")), "first");
    assert_eq!(reason(CheckState::pass("second")), "second");
    assert_eq!(reason(CheckState::degraded("slow")), "second");
    assert_eq!(reason(CheckState::degraded("slower")), "second");
    assert_eq!(reason(CheckState::fail("gone")), "slower");
}

fn result() -> impl Strategy<Value = (u8, u64)> {
    // A gap of 30 s makes the former result stale.
    (0..3_u8, prop_oneof![8 => 0..12_u64, 1 => 28..33_u64])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_state_is_that_of_a_plain_model(
        fail_after in 1..5_u32,
        recover_after in 1..5_u32,
        results in vec(result(), 1..40),
    ) {
        let rules = rules(fail_after, recover_after);
        let (mut state, mut model) = (State::default(), Model::new(&rules));
        let mut now = Instant::now();
        for (number, (severity, seconds)) in results.into_iter().enumerate() {
            now += Duration::from_secs(seconds);
            prop_assert_eq!(state.read(now, &rules).into_owned(), model.read(now));
            let reason = format!("run {number}");
            let result = match severity {
                0 => CheckState::pass(reason),
                1 => CheckState::degraded(reason),
                _ => CheckState::fail(reason),
            };
            state.record(result.clone(), now, &rules);
            model.record(result, now);
            prop_assert_eq!(state.read(now, &rules).into_owned(), model.read(now));
        }
    }
}
