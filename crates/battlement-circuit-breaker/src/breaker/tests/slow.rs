use super::*;

/// Returns a breaker that opens at half of 4 slow calls, within 10 s or of the last 4.
fn rigs() -> [Rig; 2] {
    let rate = Rate::at_least(0.5).minimum(4);
    [rate, rate.over_calls(4)].map(|rate| {
        Rig::with(|config| {
            config.trip = Trip::slow_rate(rate);
            config.slow_after = SECOND;
        })
    })
}

/// Makes a call whose response head takes this long.
fn call(rig: &mut Rig, milliseconds: u64, verdict: Verdict) {
    let ticket = rig.ticket();
    rig.pass(Duration::from_millis(milliseconds));
    rig.settle(ticket, verdict);
}

#[test]
fn half_of_the_calls_being_slow_opens_the_breaker_whatever_their_verdicts() {
    for rig in &mut rigs() {
        call(rig, 1, FAILED);
        call(rig, 1, OK);
        call(rig, 1_001, OK);
        assert_eq!(rig.state(), State::Closed, "fewer than 4 calls");
        call(rig, 1_001, FAILED);
        assert_eq!(rig.state(), State::Open);
    }
}

#[test]
fn a_call_of_exactly_the_limit_is_not_slow_and_a_fast_failure_does_not_open() {
    for rig in &mut rigs() {
        (0..20).for_each(|_| call(rig, 1_000, OK));
        (0..20).for_each(|_| call(rig, 1, FAILED));
        assert_eq!(rig.state(), State::Closed);
    }
}

#[test]
fn slow_calls_leave_the_window_by_time_or_by_number() {
    let [by_time, by_calls] = &mut rigs();
    for _ in 0..3 {
        call(by_time, 1_001, OK);
        call(by_calls, 1_001, OK);
    }
    by_time.pass(10.seconds());
    (0..4).for_each(|_| call(by_time, 1, OK));
    call(by_time, 1_001, OK);
    assert_eq!(by_time.state(), State::Closed, "one of five");
    // The fourth call opens by its number only if it is slow itself.
    (0..3).for_each(|_| call(by_calls, 1, OK));
    call(by_calls, 1_001, OK);
    assert_eq!(by_calls.state(), State::Closed, "one of four");
    call(by_calls, 1_001, OK);
    assert_eq!(by_calls.state(), State::Open, "two of four");
}

#[test]
fn the_time_of_the_head_decides_and_not_that_of_the_verdict() {
    for rig in &mut rigs() {
        for _ in 0..10 {
            let mut stream = rig.ticket();
            assert!(stream.is_timing());
            rig.pass(SECOND);
            stream.answered(rig.now);
            rig.pass(60.seconds());
            rig.settle(stream, OK);
        }
        assert_eq!(rig.state(), State::Closed);
        for _ in 0..4 {
            if rig.state() == State::Open {
                break;
            }
            let mut stream = rig.ticket();
            rig.pass(Duration::from_millis(1_001));
            stream.answered(rig.now);
            rig.settle(stream, OK);
        }
        assert!(rig.seen().openings == 1 && rig.seen().counts.total() <= 4);
    }
}

#[test]
fn a_call_without_a_wait_is_not_slow_however_late_its_verdict_is() {
    for rig in &mut rigs() {
        let mut streams: Vec<_> = (0..10).map(|_| rig.ticket()).collect();
        streams.iter_mut().for_each(Ticket::answered_at_once);
        rig.pass(60.seconds());
        streams.into_iter().for_each(|stream| rig.settle(stream, OK));
        assert_eq!(rig.state(), State::Closed);
    }
}

#[test]
fn a_success_without_a_wait_counts_as_a_call_that_was_not_slow() {
    let [rig, by_calls] = &mut rigs();
    assert!(!by_calls.ticket().is_plain(), "the ring has a lock");
    for _ in 0..9 {
        let ticket = rig.ticket();
        assert!(ticket.is_plain());
        ticket.succeed_at_once();
    }
    let mut slow: Vec<_> = (0..9).map(|_| rig.ticket()).collect();
    let last = slow.pop().unwrap();
    rig.pass(Duration::from_millis(1_001));
    slow.into_iter().for_each(|ticket| rig.settle(ticket, OK));
    assert_eq!(rig.state(), State::Closed, "8 of 17");
    rig.settle(last, OK);
    assert_eq!(rig.state(), State::Open, "9 of 18");
}

#[test]
fn a_slow_probe_is_a_failed_one_while_the_slow_rate_is_set() {
    for rig in &mut rigs() {
        (0..4).for_each(|_| call(rig, 1_001, OK));
        rig.pass(5.seconds());
        call(rig, 1_001, OK);
        call(rig, 1_001, OK);
        assert_eq!(rig.state(), State::Open);
        rig.pass(10.seconds());
        call(rig, 1_000, OK);
        call(rig, 1_000, OK);
        assert_eq!(rig.state(), State::Closed);
    }
}

#[test]
fn without_a_slow_rate_no_call_is_slow() {
    let mut rig = Rig::new();
    assert!(!rig.ticket().is_timing());
    (0..30).for_each(|_| call(&mut rig, 600_000, OK));
    assert_eq!(rig.state(), State::Closed);
}
