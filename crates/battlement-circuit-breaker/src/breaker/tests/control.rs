use super::*;

#[test]
fn a_forced_open_breaker_rejects_until_it_is_released() {
    let mut rig = Rig::new();
    let before = rig.ticket();
    rig.breaker.force(true, rig.now);
    rig.pass(3_600.seconds());
    assert!(rig.rejects() >= 5.seconds());
    rig.settle(before, OK);
    let seen = rig.seen();
    assert_eq!((seen.state, seen.openings, seen.open_since), (State::ForcedOpen, 0, None));
    rig.breaker.unforce(rig.now);
    assert_eq!(rig.state(), State::Closed);
    rig.call(OK);
}

#[test]
fn a_forced_closed_breaker_counts_and_never_opens() {
    let mut rig = Rig::new();
    rig.breaker.force(false, rig.now);
    rig.calls(100, FAILED);
    let seen = rig.seen();
    assert_eq!((seen.state, seen.counts.server), (State::ForcedClosed, 100));
    rig.breaker.unforce(rig.now);
    rig.calls(4, FAILED);
    assert_eq!((rig.state(), rig.seen().counts.server), (State::Closed, 4), "counts begin at zero");
    rig.call(FAILED);
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn releasing_a_breaker_that_is_not_forced_changes_nothing() {
    let rig = Rig::opened();
    rig.breaker.unforce(rig.now);
    assert_eq!(rig.state(), State::Open);
    rig.rejects();
}

#[test]
fn a_reset_closes_the_breaker_and_forgets_counts_open_time_and_pauses() {
    let mut rig = Rig::half_open();
    rig.calls(2, asks(3_600));
    rig.breaker.reset(rig.now);
    let seen = rig.seen();
    assert_eq!(
        (seen.state, seen.counts, seen.next_probe),
        (State::Closed, Default::default(), None)
    );
    assert_eq!((seen.consecutive_failures, seen.openings), (0, 2));
    assert_eq!(rig.reopen(), 5.seconds(), "the first interval, and no pause");
}

#[test]
fn a_shadow_breaker_counts_and_moves_but_never_rejects() {
    let mut rig = Rig::with(|config| config.shadow = true);
    rig.calls(5, FAILED);
    assert_eq!(rig.state(), State::Open);
    (0..7).for_each(|_| assert!(rig.ticket().is_shadow()));
    assert_eq!((rig.seen().rejections, rig.seen().shadow), (7, true));
    rig.pass(5.seconds());
    let probes: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    assert!(probes.iter().all(|ticket| ticket.is_probe() && !ticket.is_shadow()));
    // The results of further calls decide no trial.
    rig.calls(5, FAILED);
    assert_eq!(rig.state(), State::HalfOpen);
    probes.into_iter().for_each(|ticket| rig.settle(ticket, OK));
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn new_settings_keep_the_state_and_begin_the_counts_anew() {
    let mut rig = Rig::new();
    rig.calls(4, FAILED);
    let old = rig.ticket();
    let config = Config { trip: Trip::consecutive(2), ..rig.breaker.shared().config() };
    rig.breaker.shared().replace(config);
    rig.breaker.renew(rig.now);
    rig.settle(old, FAILED);
    assert_eq!(rig.seen().counts.total(), 0);
    rig.call(FAILED);
    assert_eq!(rig.state(), State::Closed);
    rig.call(FAILED);
    assert_eq!(rig.seen().next_probe, Some(5.seconds()));
    let open_for = OpenFor::fixed(60.seconds());
    rig.breaker.shared().replace(Config { open_for, ..config });
    rig.breaker.renew(rig.now);
    assert_eq!(rig.seen().next_probe, Some(5.seconds()), "a running open time stays");
}

#[test]
fn a_window_of_another_length_counts_by_its_own_buckets() {
    let mut rig = Rig::new();
    rig.pass(100.seconds());
    let window = |seconds: u64| Trip::failure_rate(Rate::at_least(1.0).over(seconds.seconds()));
    for seconds in [1, 600, 2, 3_600, 10] {
        rig.breaker.shared().replace(Config { trip: window(seconds), ..Config::default() });
        rig.breaker.renew(rig.now);
        rig.calls(3, OK);
        rig.pass(seconds.seconds() * 8 / 10);
        assert_eq!(rig.seen().counts.success, 3, "{seconds} s");
        rig.pass(seconds.seconds() * 2 / 10);
        assert_eq!(rig.seen().counts.success, 0, "{seconds} s");
    }
}

#[test]
fn a_trial_that_new_settings_take_away_ends_closed() {
    let rig = Rig::half_open();
    let probe = rig.ticket();
    let config = Config { half_open: None, ..rig.breaker.shared().config() };
    rig.breaker.shared().replace(config);
    rig.breaker.renew(rig.now);
    rig.settle(probe, FAILED);
    assert_eq!((rig.state(), rig.seen().counts.total()), (State::Closed, 0));
}

#[test]
fn a_snapshot_moves_an_open_breaker_to_half_open_after_its_time() {
    let mut rig = Rig::opened();
    rig.pass(5.seconds());
    assert_eq!(
        rig.breaker.state(),
        State::Open,
        "the state follows from the clock at the next look"
    );
    let seen = rig.seen();
    assert_eq!((seen.state, seen.next_probe), (State::HalfOpen, Some(Duration::ZERO)));
    assert_eq!((seen.open_since, rig.breaker.state()), (Some(5.seconds()), State::HalfOpen));
}

#[test]
fn calls_through_a_closed_breaker_take_no_lock() {
    let mut rig = Rig::new();
    let breaker = Arc::clone(&rig.breaker);
    let _held = breaker.course();
    rig.calls(30, OK);
    rig.calls(4, FAILED);
    rig.call(Verdict::Ignore);
    drop(rig.ticket());
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn fast_calls_under_a_slow_rate_by_time_take_no_lock() {
    let mut rig = Rig::with(|config| config.trip = Trip::slow_rate(Rate::at_least(0.5)));
    let breaker = Arc::clone(&rig.breaker);
    let _held = (breaker.course(), breaker.rings());
    rig.calls(30, OK);
    assert_eq!(breaker.state(), State::Closed);
}
