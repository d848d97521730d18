//! The log, the observer and the watch channel.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_health::{
    CheckKind, CheckState, Health, Observe, Probe, RunResult, Status, Transition,
};
use tokio::time::sleep;

use crate::{
    log::Log,
    script::{SECOND, Script},
};

#[tokio::test(start_paused = true)]
async fn each_transition_is_one_line_of_the_log_and_a_probe_is_none() {
    let (log, _guard) = Log::start();
    let script = Script::new();
    let health = Health::builder().fail_after(1).check(script.check("redis").critical()).build();
    sleep(SECOND).await;
    script.set(CheckState::fail("redis://user:hunter2@cache refused"));
    script.wait(1).await;
    sleep(SECOND).await;
    for probe in Probe::ALL {
        assert_eq!(health.report(probe).status, health.status(probe));
    }
    let hold = health.hold("maintenance");
    drop(hold);
    health.drain();
    health.drain();
    let lines = log.lines();
    let expected = [
        "INFO battlement_health::registry::outbox: health changed name=redis from=\"unknown\" to=\"pass\" reason=connected after_ms=0",
        "WARN battlement_health::registry::outbox: health changed name=redis from=\"pass\" to=\"fail\" reason=redis://***@cache refused after_ms=",
        "WARN battlement_health::registry::outbox: health changed name=maintenance from=\"unknown\" to=\"fail\" reason=the service is held unready after_ms=0",
        "INFO battlement_health::registry::outbox: health changed name=maintenance from=\"fail\" to=\"pass\" reason=released after_ms=0",
        "WARN battlement_health::registry::outbox: health changed name=shutdown from=\"pass\" to=\"fail\" reason=the service is shutting down after_ms=",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

/// An observer that keeps transitions and runs, and uses the registry in a transition.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    transitions: Vec<Transition>,
    runs: Vec<(String, RunResult, Duration)>,
    health: Option<Health>,
}

impl Observe for Told {
    fn on_transition(&self, transition: &Transition) {
        let health = self.0.lock().unwrap().health.clone();
        if let Some(health) = health
            && transition.kind == CheckKind::Check
        {
            assert_eq!(health.status(Probe::Live), Status::Pass);
            drop(health.hold("reacts"));
        }
        self.0.lock().unwrap().transitions.push(transition.clone());
    }

    fn on_run(&self, check: &str, result: RunResult, took: Duration) {
        self.0.lock().unwrap().runs.push((check.to_owned(), result, took));
        panic!("an observer that panics stops no check");
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_receives_runs_and_transitions_and_may_use_the_registry() {
    let (script, told) = (Script::new(), Told::default());
    let health = Health::builder().fail_after(1).observe(told.clone()).check(script.check("redis"));
    let health = health.build();
    sleep(SECOND).await;
    script.set(CheckState::fail("down"));
    told.0.lock().unwrap().health = Some(health.clone());
    script.wait(1).await;
    sleep(SECOND).await;
    let mut told = told.0.lock().unwrap();
    told.health = None;
    let [first, second, hold, release, ..] = &told.transitions[..] else {
        panic!("{:?}", told.transitions)
    };
    assert_eq!((first.from, first.to, &*first.reason), (None, Status::Pass, "connected"));
    assert_eq!((second.from, second.to), (Some(Status::Pass), Status::Degraded));
    assert_eq!((&*second.name, second.kind, &*second.reason), ("redis", CheckKind::Check, "down"));
    assert!((9..=11).contains(&second.after.as_secs()), "{second:?}");
    assert_eq!((hold.from, hold.to, hold.kind), (None, Status::Fail, CheckKind::Hold));
    assert_eq!((release.from, release.to), (Some(Status::Fail), Status::Pass));
    let runs: Vec<_> = told.runs.iter().map(|(name, result, _)| (&**name, *result)).collect();
    assert_eq!(runs, [("redis", RunResult::Pass), ("redis", RunResult::Fail)]);
}

/// An observer that keeps the new status of each transition, and panics.
struct Panics(Arc<Mutex<Vec<Status>>>);

impl Observe for Panics {
    fn on_transition(&self, transition: &Transition) {
        self.0.lock().unwrap().push(transition.to);
        panic!("an observer that panics stops no delivery");
    }
}

#[tokio::test]
async fn an_observer_that_panics_receives_the_transitions_after_the_panic() {
    let told = Arc::<Mutex<Vec<_>>>::default();
    let health = Health::builder().observe(Panics(Arc::clone(&told))).build();
    drop(health.hold("maintenance"));
    health.drain();
    assert_eq!(health.status(Probe::Ready), Status::Fail);
    assert_eq!(*told.lock().unwrap(), [Status::Fail, Status::Pass, Status::Fail]);
}

#[tokio::test(start_paused = true)]
async fn a_watcher_sees_the_latest_summary_once() {
    let script = Script::new();
    let health = Health::builder().fail_after(1).check(script.check("redis").critical()).build();
    let mut watch = health.watch();
    let first = *watch.borrow_and_update();
    assert_eq!(
        (first.live, first.ready, first.startup),
        (Status::Pass, Status::Fail, Status::Fail)
    );
    watch.changed().await.unwrap();
    assert_eq!(watch.borrow_and_update().ready, Status::Pass);
    script.wait(3).await;
    assert!(!watch.has_changed().unwrap(), "equal summaries are not sent again");
    health.drain();
    assert!(watch.borrow_and_update().is_draining);
    drop(health);
    assert!(watch.changed().await.is_err(), "the channel ends with the registry");
}

#[tokio::test(start_paused = true)]
async fn the_replacement_of_a_job_that_died_is_a_transition() {
    let told = Told::default();
    let health = Health::builder().observe(told.clone()).build();
    drop(health.heartbeat("outbox", 60 * SECOND));
    sleep(SECOND).await;
    let _second = health.heartbeat("outbox", 60 * SECOND);
    drop(health.gate("cache-warm"));
    sleep(SECOND).await;
    health.gate("cache-warm").open();
    let told = told.0.lock().unwrap();
    let told: Vec<_> =
        told.transitions.iter().map(|told| (&*told.name, told.from, told.to, told.after)).collect();
    let expected = [
        ("outbox", Some(Status::Pass), Status::Fail, Duration::ZERO),
        ("outbox", Some(Status::Fail), Status::Pass, SECOND),
        ("cache-warm", Some(Status::Fail), Status::Pass, SECOND),
    ];
    assert_eq!(told, expected);
}
