//! Results that change, flap or become stale.

use battlement_health::{Check, CheckState, Health, Probe, Status};
use tokio::time::sleep;

use crate::script::{SECOND, Script, entry, ready};

#[tokio::test(start_paused = true)]
async fn a_check_that_flaps_does_not_change_the_status() {
    let script = Script::new();
    let health = Health::builder().check(script.check("flaps").critical()).build();
    ready(&health, Status::Pass).await;
    for _ in 0..20 {
        script.set(CheckState::fail("down"));
        script.wait(2).await;
        script.set(CheckState::pass("up"));
        script.wait(1).await;
        sleep(SECOND).await;
        assert_eq!(health.status(Probe::Ready), Status::Pass);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_counts_after_three_runs_and_a_recovery_after_one() {
    let script = Script::new();
    let health = Health::builder().check(script.check("database").critical()).build();
    ready(&health, Status::Pass).await;
    script.set(CheckState::fail("down"));
    script.wait(2).await;
    sleep(SECOND).await;
    assert_eq!(health.status(Probe::Ready), Status::Pass);
    script.wait(1).await;
    sleep(SECOND).await;
    assert_eq!(health.status(Probe::Ready), Status::Fail);
    script.set(CheckState::pass("up"));
    script.wait(1).await;
    sleep(SECOND).await;
    assert_eq!(health.status(Probe::Ready), Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn the_numbers_of_runs_can_be_set_for_all_checks_and_for_one() {
    let (one, other) = (Script::new(), Script::new());
    let health = Health::builder()
        .fail_after(2)
        .recover_after(2)
        .check(one.check("one"))
        .check(other.check("other").fail_after(1).recover_after(3))
        .build();
    sleep(SECOND).await;
    let status = |name| entry(&health, name).status;
    one.set(CheckState::fail(""));
    other.set(CheckState::fail(""));
    sleep(11 * SECOND).await;
    assert_eq!([status("one"), status("other")], [Status::Pass, Status::Degraded]);
    sleep(11 * SECOND).await;
    assert_eq!([status("one"), status("other")], [Status::Degraded; 2]);
    one.set(CheckState::pass(""));
    other.set(CheckState::pass(""));
    let (mut one_recovered, mut other_recovered) = (0, 0);
    let (ones, others) = (one.runs(), other.runs());
    while one_recovered == 0 || other_recovered == 0 {
        sleep(SECOND / 100).await;
        if one_recovered == 0 && status("one") == Status::Pass {
            one_recovered = one.runs() - ones;
        }
        if other_recovered == 0 && status("other") == Status::Pass {
            other_recovered = other.runs() - others;
        }
    }
    assert_eq!((one_recovered, other_recovered), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_critical_check_fails_its_probes_and_any_other_degrades_them() {
    for (is_critical, expected) in [(true, Status::Fail), (false, Status::Degraded)] {
        let script = Script::new();
        script.set(CheckState::fail("down"));
        let check = script.check("x");
        let check = if is_critical { check.critical() } else { check };
        let health = Health::builder().check(check).build();
        script.wait(1).await;
        sleep(SECOND).await;
        for probe in [Probe::Ready, Probe::Startup] {
            let report = health.report(probe);
            assert_eq!((report.status, health.status(probe)), (expected, expected));
            let [ping, check, ..] = &report.checks[..] else { panic!("{report:?}") };
            assert_eq!((ping.status, check.status), (Status::Pass, expected));
            assert_eq!((&check.state, check.critical), (&CheckState::fail("down"), is_critical));
        }
        assert_eq!(health.status(Probe::Live), Status::Pass);
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_is_part_of_the_probes_that_it_names() {
    let failing = |name, probes: &[Probe]| {
        let check = Check::of_state(name, || CheckState::fail("down")).critical();
        check.probes(probes.iter().copied())
    };
    let ready_only = Health::builder().check(failing("x", &[Probe::Ready])).build();
    let startup_only = Health::builder().check(failing("x", &[Probe::Startup])).build();
    sleep(SECOND).await;
    let statuses = |health: &Health| Probe::ALL.map(|probe| health.status(probe));
    use Status::{Fail, Pass};
    assert_eq!(statuses(&ready_only), [Pass, Fail, Pass]);
    assert_eq!(statuses(&startup_only), [Pass, Pass, Fail]);
}
