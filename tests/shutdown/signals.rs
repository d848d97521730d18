use std::time::Duration;

use battlement_testkit::process::{Process, Signal};

use crate::running::{PATIENCE, Running, command, exited};

#[tokio::test]
async fn each_signal_starts_the_shutdown_and_is_its_reason() {
    for (signal, name) in
        [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::QUIT, "SIGQUIT")]
    {
        let service = Running::start(&[]).await;
        assert_eq!(service.get("/hello").await.1, "hello");
        let ended = service.end(&[signal]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.log);
        ended.reports(&["received ", name, "unready", "stopping", "draining", "hooks", "answered"]);
    }
}

#[tokio::test]
async fn a_second_signal_exits_at_once_with_its_number() {
    for (signal, code, name) in [
        (Signal::TERM, 143, "SIGTERM"),
        (Signal::INT, 130, "SIGINT"),
        (Signal::QUIT, 131, "SIGQUIT"),
    ] {
        let service = Running::start(&["delay=25000", "budget=28000"]).await;
        let ended = service.end(&[Signal::TERM, signal]).await;
        assert_eq!(ended.code, Some(code), "{}", ended.log);
        ended.reports(&["received SIGTERM; exit forced by ", name, "flush/logs did not run"]);
        assert!(ended.after < Duration::from_secs(10), "{:?}", ended.after);
    }
}

#[tokio::test]
async fn a_signal_during_the_start_ends_the_service_as_soon_as_it_would_serve() {
    let mut process = Process::start(&mut command(&["start=500"])).unwrap();
    process.line("starting", PATIENCE).await.unwrap();
    process.signal(Signal::TERM);
    let ended = exited(&mut process).await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["received SIGTERM; unready"]);
}

#[tokio::test]
async fn a_start_that_hangs_ends_at_a_second_signal() {
    let mut process = Process::start(&mut command(&["start=60000", "budget=28000"])).unwrap();
    process.line("starting", PATIENCE).await.unwrap();
    process.signal(Signal::TERM);
    // Signals of one kind that arrive together are one signal.
    process.signal(Signal::INT);
    let ended = exited(&mut process).await;
    assert!(matches!(ended.code, Some(143 | 130)), "{}", ended.log);
    assert!(ended.after < Duration::from_secs(10), "{:?}", ended.after);
}

#[tokio::test]
async fn a_start_that_hangs_ends_with_the_budget() {
    let options = ["start=60000", "drain=100", "hooks=100", "budget=1000"];
    let mut process = Process::start(&mut command(&options)).unwrap();
    process.line("starting", PATIENCE).await.unwrap();
    process.signal(Signal::TERM);
    let ended = exited(&mut process).await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended.reports(&["received SIGTERM; exit forced at the end of the budget; unready 1"]);
    assert!(ended.after >= Duration::from_millis(900), "{:?}", ended.after);
}

#[tokio::test]
async fn a_route_that_triggers_the_shutdown_is_answered() {
    let service = Running::start(&[]).await;
    assert_eq!(service.get("/trigger").await.0, 200);
    let ended = service.end(&[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["the route; unready"]);
}

#[tokio::test]
async fn the_first_signal_after_a_trigger_does_not_force_the_exit() {
    let service = Running::start(&["delay=500"]).await;
    service.get("/trigger").await;
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["the route; unready"]);
}
