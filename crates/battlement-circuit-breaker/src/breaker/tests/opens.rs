use super::*;

#[test]
fn after_ten_thousand_successes_the_failures_of_one_window_open_the_breaker() {
    let rig = &mut Rig::with(|config| config.trip = Trip::failure_rate(Rate::at_least(0.5)));
    for _ in 0..10_000 {
        rig.pass(Duration::from_millis(10));
        rig.call(OK);
    }
    // The window of 10 s has 1,000 calls.
    let opened_after = (1..=1_000).find(|_| {
        rig.pass(Duration::from_millis(10));
        rig.call(FAILED);
        rig.state() == State::Open
    });
    assert!(opened_after.unwrap() <= 500, "{opened_after:?}");
}

#[test]
fn after_ten_thousand_successes_half_of_the_last_calls_open_the_breaker() {
    let rate = Rate::at_least(0.5).over_calls(100);
    let mut rig = Rig::with(|config| config.trip = Trip::failure_rate(rate));
    rig.calls(10_000, OK);
    rig.calls(49, FAILED);
    assert_eq!(rig.state(), State::Closed);
    rig.call(FAILED);
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn a_dead_upstream_that_never_makes_20_calls_in_10_s_opens_the_breaker_by_5_in_a_row() {
    let mut rig = Rig::new();
    // Four callers with a timeout of 2 s.
    for failed in 1..=5 {
        assert_eq!(rig.state(), State::Closed, "{failed}");
        let ticket = rig.ticket();
        rig.pass(2.seconds());
        rig.settle(ticket, TIMED_OUT);
    }
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn a_fifth_of_random_failures_does_not_open_the_breaker_by_some_in_a_row() {
    let mut rig = Rig::new();
    rig.calls(80, OK);
    for round in 0..1_000 {
        rig.pass(Duration::from_millis(200));
        rig.calls(6, FAILED);
        rig.calls(24, OK);
        assert_eq!(rig.state(), State::Closed, "{round}");
    }
}

#[test]
fn the_first_failure_does_not_open_the_breaker() {
    let mut rig = Rig::new();
    rig.call(FAILED);
    assert_eq!(rig.state(), State::Closed);
    // Four in a row, and one after a success.
    rig.calls(3, FAILED);
    rig.call(OK);
    rig.call(FAILED);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn minutes_without_a_call_leave_nothing_of_the_old_window() {
    for pause in [10, 19, 20, 61, 600, 1 << 24] {
        let mut rig = Rig::with(|config| config.trip = Trip::failure_rate(Rate::at_least(0.5)));
        rig.calls(19, FAILED);
        rig.pass(pause.seconds());
        rig.call(FAILED);
        assert_eq!((rig.state(), rig.seen().counts.server), (State::Closed, 1), "{pause} s");
    }
}

#[test]
fn an_ignored_call_and_a_local_rejection_count_on_neither_side() {
    for verdict in [Verdict::Ignore, BUSY] {
        let mut rig = Rig::with(|config| config.trip = Trip::failure_rate(Rate::at_least(0.5)));
        rig.calls(10, OK);
        rig.calls(9, FAILED);
        rig.calls(100, verdict);
        let seen = rig.seen();
        assert_eq!(
            (seen.state, seen.counts.total(), seen.counts.ignored),
            (State::Closed, 19, 100)
        );
        rig.calls(1, FAILED);
        assert_eq!(rig.state(), State::Open, "ten of twenty");
    }
}

#[test]
fn an_ignored_call_does_not_end_the_failures_in_a_row() {
    let mut rig = Rig::new();
    rig.calls(4, FAILED);
    rig.calls(3, Verdict::Ignore);
    rig.call(FAILED);
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn the_open_time_doubles_to_its_cap_and_begins_anew_after_as_long_in_good_health() {
    let mut rig = Rig::new();
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(rig.reopen().as_secs());
        rig.recover();
    }
    assert_eq!(seen, [5, 10, 20, 40, 60, 60]);
    rig.pass(Duration::from_millis(59_999));
    assert_eq!(rig.reopen(), 60.seconds());
    rig.recover();
    rig.pass(60.seconds());
    assert_eq!(rig.reopen(), 5.seconds());
}

#[test]
fn a_failed_trial_doubles_the_open_time() {
    let mut rig = Rig::half_open();
    rig.calls(2, FAILED);
    let seen = rig.seen();
    assert_eq!((seen.state, seen.next_probe), (State::Open, Some(10.seconds())));
    assert_eq!((seen.openings, seen.open_since), (2, Some(5.seconds())));
    assert_eq!(seen.cause.unwrap().server, 2);
}

#[test]
fn the_open_time_is_spread_over_half_of_the_interval() {
    let spread: Vec<_> = (0..200)
        .map(|_| {
            let mut rig = Rig::with(|config| config.open_for = OpenFor::default());
            rig.reopen()
        })
        .collect();
    let (least, most) = (*spread.iter().min().unwrap(), *spread.iter().max().unwrap());
    assert!(least >= 5.seconds() / 2 && most <= 5.seconds(), "{least:?} to {most:?}");
    // Two hundred draws miss a tenth at one end once in a billion runs.
    assert!(least < Duration::from_millis(2_750) && most > Duration::from_millis(4_750));
}

#[test]
fn a_pause_that_the_upstream_asks_for_lengthens_the_open_time_up_to_the_cap() {
    for (asked, expected) in [(3, 5), (30, 30), (3_600, 60)] {
        let mut rig = Rig::new();
        rig.call(asks(asked));
        rig.pass(Duration::from_nanos(1));
        rig.calls(4, FAILED);
        let next = rig.seen().next_probe.unwrap() + Duration::from_nanos(1);
        let least = expected.seconds();
        assert!((least..=least + Duration::from_nanos(1)).contains(&next), "{asked}: {next:?}");
    }
}

#[test]
fn a_pause_that_the_first_of_two_failed_probes_asks_for_lengthens_the_open_time() {
    let rig = Rig::half_open();
    rig.call(asks(30));
    assert_eq!(rig.state(), State::HalfOpen);
    rig.call(FAILED);
    assert_eq!(rig.seen().next_probe, Some(30.seconds()));
}

#[test]
fn a_pause_that_was_asked_for_before_the_breaker_closed_does_not_lengthen_a_later_opening() {
    let mut rig = Rig::new();
    rig.calls(5, asks(3_600));
    rig.recover();
    rig.pass(60.seconds());
    assert_eq!(rig.reopen(), 5.seconds());
}

#[test]
fn a_rejected_call_is_told_the_rest_of_the_open_time_and_up_to_a_tenth_more() {
    let mut rig = Rig::opened();
    rig.pass(2.seconds());
    let told: Vec<_> = (0..200).map(|_| rig.rejects()).collect();
    let (least, most) = (*told.iter().min().unwrap(), *told.iter().max().unwrap());
    assert!(least >= 3.seconds() && most <= Duration::from_millis(3_500), "{least:?}, {most:?}");
    assert!(most - least > Duration::from_millis(300), "the callers would return all at once");
    assert_eq!(rig.seen().rejections, 200);
}
