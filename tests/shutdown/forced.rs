//! The exit while every worker thread is blocked.

use std::time::Duration;

use battlement_testkit::{client::Raw, process::Signal};

use crate::running::{Ended, PATIENCE, Running, exited};

/// Blocks the only worker thread of a service, and sends `signals`.
async fn blocked(options: &[&str], signals: &[Signal]) -> Ended {
    let mut service = Running::start(options).await;
    let mut raw = Raw::connect(service.app).await.unwrap();
    raw.write("GET /block HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    service.line("blocked").await;
    for signal in signals {
        service.process.signal(*signal);
    }
    exited(&mut service.process).await
}

#[tokio::test]
async fn a_second_signal_exits_while_all_workers_are_blocked() {
    let ended = blocked(&["drain=25000", "budget=28000"], &[Signal::TERM, Signal::INT]).await;
    assert!(matches!(ended.code, Some(130 | 143)), "{}", ended.log);
    ended.reports(&["exit forced by SIG", "cut off: 1 request"]);
    assert!(ended.after < Duration::from_secs(10), "{:?}", ended.after);
}

#[tokio::test]
async fn the_budget_ends_while_all_workers_are_blocked() {
    let options = ["drain=100", "hooks=100", "budget=1000"];
    let ended = blocked(&options, &[Signal::TERM]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended
        .reports(&["received SIGTERM; exit forced at the end of the budget", "cut off: 1 request"]);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
}

#[tokio::test]
async fn a_hook_that_blocks_the_only_worker_is_named_when_the_budget_ends() {
    let options = ["hook=blocks", "linger=0", "drain=100", "hooks=300", "budget=1000"];
    let ended = Running::start(&options).await.terminate().await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended.reports(&["exit forced at the end of the budget", "connections/bad timed out"]);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
}

#[tokio::test]
async fn a_logger_that_blocks_does_not_hold_up_a_forced_exit() {
    let mut service = Running::start(&["log=blocks", "delay=25000", "budget=28000"]).await;
    service.process.signal(Signal::TERM);
    service.line("shutdown started").await;
    service.process.signal(Signal::QUIT);
    let status = service.process.exited(PATIENCE).await.unwrap();
    let log = service.process.log();
    assert_eq!(status.code(), Some(131), "{log}");
    assert!(log.contains("blocked") && !log.contains("shutdown incomplete"), "{log}");
}
