use super::*;

#[test]
fn the_result_of_a_call_from_before_the_outage_decides_no_trial() {
    let mut rig = Rig::new();
    let (success, failures) = (rig.ticket(), [rig.ticket(), rig.ticket()]);
    rig.calls(5, FAILED);
    rig.pass(5.seconds());
    rig.call(OK);
    rig.settle(success, OK);
    assert_eq!(rig.state(), State::HalfOpen, "only one probe has succeeded");
    failures.into_iter().for_each(|ticket| rig.settle(ticket, FAILED));
    assert_eq!(rig.state(), State::HalfOpen);
    rig.call(OK);
    assert_eq!(rig.state(), State::Closed);
}

#[test]
fn failures_from_before_the_outage_do_not_open_the_breaker_that_has_closed() {
    let mut rig = Rig::new();
    let stale: Vec<_> = (0..30).map(|_| rig.ticket()).collect();
    rig.calls(5, FAILED);
    rig.recover();
    stale.into_iter().for_each(|ticket| rig.settle(ticket, FAILED));
    let seen = rig.seen();
    assert_eq!((seen.state, seen.counts.total(), seen.openings), (State::Closed, 0, 1));
}

#[test]
fn an_ignore_or_a_drop_of_an_older_call_frees_no_slot_of_a_newer_generation() {
    let mut rig = Rig::half_open();
    // Of four probes, the first gives its slot back; two failures end the trial.
    drop(rig.ticket());
    let (ignored, failures) = (rig.ticket(), [rig.ticket(), rig.ticket()]);
    failures.into_iter().for_each(|ticket| rig.settle(ticket, FAILED));
    rig.pass(10.seconds());
    // Their numbers are those of the first trial.
    let _probes: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    rig.settle(ignored, Verdict::Ignore);
    rig.rejects();
}

#[test]
fn a_drop_or_a_message_of_an_older_probe_concerns_no_slot_of_a_newer_generation() {
    let mut rig = Rig::half_open();
    let mut older = [rig.ticket(), rig.ticket()];
    rig.breaker.renew(rig.now);
    let _probes: Vec<_> = (0..3).map(|_| rig.ticket()).collect();
    older.iter_mut().for_each(Ticket::delivered);
    drop(older);
    rig.rejects();
    rig.pass(5.seconds());
    assert_eq!(rig.state(), State::HalfOpen, "no probe of this generation streams");
}

#[test]
fn a_late_failure_in_the_open_state_does_not_move_the_end_of_the_open_time() {
    let mut rig = Rig::new();
    let late: Vec<_> = (0..20).map(|_| rig.ticket()).collect();
    rig.calls(5, FAILED);
    rig.pass(4.seconds());
    late.into_iter().for_each(|ticket| rig.settle(ticket, asks(50)));
    let seen = rig.seen();
    assert_eq!((seen.openings, seen.next_probe), (1, Some(SECOND)));
}
