use super::*;

#[test]
fn of_20_calls_at_the_end_of_the_open_time_3_are_probes_and_17_are_rejected() {
    let mut rig = Rig::opened();
    rig.pass(5.seconds());
    let calls: Vec<_> = (0..20).map(|_| rig.admit()).collect();
    assert_eq!(calls.iter().filter(|call| call.is_ok()).count(), 3);
    let told = calls.iter().filter_map(|call| call.as_ref().err()).min().unwrap();
    assert!(*told >= 5.seconds(), "the slots are free at the deadline of the probes: {told:?}");
}

#[test]
fn two_successes_of_three_probes_close_the_breaker_and_two_failures_open_it() {
    for verdicts in [[OK, FAILED, OK], [FAILED, OK, OK], [OK, OK, FAILED]] {
        let rig = Rig::half_open();
        verdicts.into_iter().for_each(|verdict| rig.call(verdict));
        assert_eq!(rig.state(), State::Closed, "{verdicts:?}");
    }
    for verdicts in [[OK, FAILED, FAILED], [FAILED, OK, FAILED]] {
        let rig = Rig::half_open();
        verdicts.into_iter().for_each(|verdict| rig.call(verdict));
        assert_eq!(rig.state(), State::Open, "{verdicts:?}");
    }
}

#[test]
fn a_probe_that_was_judged_keeps_its_slot() {
    for verdict in [OK, FAILED] {
        let rig = Rig::half_open();
        rig.call(verdict);
        let _probes = [rig.ticket(), rig.ticket()];
        rig.rejects();
    }
    let rig = Rig::half_open();
    rig.call(OK);
    rig.call(FAILED);
    let _probe = rig.ticket();
    rig.rejects();
}

#[test]
fn a_dropped_probe_lets_the_next_call_probe() {
    let rig = Rig::half_open();
    let probes: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    rig.rejects();
    drop(probes);
    (0..3).for_each(|_| assert!(rig.ticket().is_probe()));
}

#[test]
fn probes_that_are_never_used_do_not_starve_a_half_open_breaker_over_49_607_calls() {
    let mut rig = Rig::half_open();
    for _ in 0..49_607 {
        rig.pass(Duration::from_millis(10));
        drop(rig.ticket());
    }
    rig.calls(2, OK);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn an_ignored_probe_and_one_that_a_local_limit_rejects_give_their_slots_back() {
    let mut rig = Rig::half_open();
    rig.calls(10, Verdict::Ignore);
    rig.calls(10, BUSY);
    assert_eq!(rig.state(), State::HalfOpen);
    rig.calls(2, OK);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn a_hung_probe_gives_its_slot_to_another_call_at_its_deadline() {
    let mut rig = Rig::half_open();
    let hung: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    rig.pass(Duration::from_nanos(4_999_999_999));
    rig.rejects();
    rig.pass(Duration::from_nanos(1));
    rig.calls(2, OK);
    assert_eq!(rig.state(), State::Closed);
    drop(hung);
}

#[test]
fn probes_that_hang_at_every_deadline_never_fill_the_half_open_breaker() {
    let mut rig = Rig::half_open();
    let mut hung = Vec::new();
    for _ in 0..100 {
        hung.extend((0..3).map(|_| rig.ticket()));
        rig.rejects();
        rig.pass(5.seconds());
    }
    rig.calls(2, OK);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn an_upstream_that_always_answers_after_the_deadline_closes_its_breaker() {
    let mut rig = Rig::half_open();
    let mut late: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    rig.pass(5.seconds());
    let others: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    rig.pass(SECOND);
    late.drain(..2).for_each(|ticket| ticket.settle(OK, rig.now));
    assert_eq!(rig.state(), State::Closed);
    drop((late, others));
}

#[test]
fn an_upstream_that_always_times_out_after_the_deadline_opens_its_breaker_again() {
    let mut rig = Rig::half_open();
    let mut late: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    rig.pass(10.seconds());
    let _others: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    late.drain(..2).for_each(|ticket| ticket.settle(TIMED_OUT, rig.now));
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn a_probe_that_streams_at_its_deadline_is_a_success() {
    let mut rig = Rig::half_open();
    let mut streams: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    streams[..2].iter_mut().for_each(Ticket::delivered);
    rig.pass(Duration::from_nanos(4_999_999_999));
    assert_eq!(rig.state(), State::HalfOpen);
    rig.pass(Duration::from_nanos(1));
    assert!(!rig.ticket().is_probe(), "the call passes a closed breaker");
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn a_message_of_one_probe_makes_no_stream_of_the_others() {
    let mut rig = Rig::half_open();
    let mut probes: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    probes[0].delivered();
    rig.pass(5.seconds());
    assert_eq!(rig.state(), State::HalfOpen, "one success");
    rig.call(OK);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn a_message_after_the_deadline_of_a_probe_is_no_success() {
    let mut rig = Rig::half_open();
    let mut probes = [rig.ticket(), rig.ticket()];
    rig.pass(5.seconds());
    assert_eq!(rig.state(), State::HalfOpen);
    probes.iter_mut().for_each(Ticket::delivered);
    rig.pass(5.seconds());
    assert_eq!(rig.state(), State::HalfOpen);
}

#[test]
fn a_stream_that_was_counted_at_its_deadline_is_not_counted_again() {
    for verdict in [OK, FAILED] {
        let mut rig = Rig::half_open();
        let mut stream = rig.ticket();
        stream.delivered();
        rig.pass(5.seconds());
        let other = rig.ticket();
        rig.settle(stream, verdict);
        assert_eq!(rig.state(), State::HalfOpen);
        rig.settle(other, FAILED);
        assert_eq!(rig.state(), State::HalfOpen, "one success and one failure");
        rig.call(OK);
        assert_eq!(rig.state(), State::Closed);
    }
}

#[test]
fn a_stream_that_ends_before_its_deadline_is_judged_by_its_end() {
    let mut rig = Rig::half_open();
    for _ in 0..2 {
        let mut stream = rig.ticket();
        stream.delivered();
        rig.pass(SECOND);
        rig.settle(stream, FAILED);
    }
    assert_eq!(rig.state(), State::Open);
}

#[test]
fn probes_that_take_longer_than_the_window_close_the_breaker() {
    let mut rig = Rig::half_open();
    for _ in 0..2 {
        let ticket = rig.ticket();
        rig.pass(60.seconds());
        rig.settle(ticket, OK);
    }
    assert_eq!(rig.state(), State::Closed);
    (0..20).for_each(|_| rig.call(OK));
}

#[test]
fn the_deadline_of_a_probe_is_the_interval_of_the_opening() {
    let mut rig = Rig::half_open();
    rig.calls(2, FAILED);
    rig.pass(10.seconds());
    let _probes: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    assert_eq!(rig.seen().next_probe, Some(10.seconds()));
}

#[test]
fn without_a_trial_the_breaker_closes_after_the_open_time() {
    let mut rig = Rig::with(|config| config.half_open = None);
    rig.calls(5, FAILED);
    rig.pass(5.seconds());
    assert_eq!(rig.state(), State::Closed);
    (0..20).for_each(|_| assert!(!rig.ticket().is_probe()));
}

#[test]
fn ten_probes_with_six_successes_decide_as_a_failure_rate_of_half() {
    for failures in 0..=10 {
        let mut rig = Rig::with(|config| config.half_open = Some(HalfOpen::new(10, 6)));
        rig.calls(5, FAILED);
        rig.pass(5.seconds());
        let probes: Vec<_> = (0..10).map(|_| rig.ticket()).collect();
        for (at, probe) in probes.into_iter().enumerate() {
            rig.settle(probe, if at < failures { FAILED } else { OK });
        }
        let expected = if failures >= 5 { State::Open } else { State::Closed };
        assert_eq!(rig.state(), expected, "{failures} of 10");
    }
}
