//! Probes read, and run nothing.

use battlement_health::{Health, Probe, Status};
use tokio::time::sleep;

use crate::script::{SECOND, Script, statuses};

#[tokio::test(start_paused = true)]
async fn a_thousand_probes_run_no_check() {
    let script = Script::new();
    let health = Health::builder().check(script.check("redis").critical()).build();
    sleep(SECOND).await;
    assert_eq!(script.runs(), 1);
    let probes = (0..1_000).map(|_| {
        let health = health.clone();
        tokio::spawn(async move { Probe::ALL.map(|probe| health.report(probe).status) })
    });
    for probe in probes.collect::<Vec<_>>() {
        assert_eq!(probe.await.unwrap(), [Status::Pass; 3]);
    }
    assert_eq!(script.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_report_has_its_entries_in_a_fixed_order() {
    let health = Health::builder().check(Script::new().check("b")).build();
    let hold = health.hold("maintenance");
    let _gate = health.gate("cache-warm");
    let _later = health.check(Script::new().check("a")).unwrap();
    sleep(SECOND).await;
    let ready =
        ["ping pass", "b pass", "a pass", "cache-warm fail", "maintenance fail", "shutdown pass"];
    assert_eq!(statuses(&health, Probe::Ready), ready);
    assert_eq!(
        statuses(&health, Probe::Startup),
        ["ping pass", "b pass", "a pass", "cache-warm fail"]
    );
    assert_eq!(statuses(&health, Probe::Live), ["ping pass"]);
    drop(hold);
    let names: Vec<_> = health.checks().into_iter().map(|check| check.name).collect();
    assert_eq!(names, ["b", "a", "cache-warm"]);
}
