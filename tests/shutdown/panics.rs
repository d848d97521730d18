//! A handler that panics, under each policy.

use std::os::unix::process::ExitStatusExt as _;

use battlement_testkit::client::Raw;

use crate::running::{PATIENCE, Running, exited};

/// The log line of the panic hook.
const LOGGED: &str = "panicked: a handler";

/// Starts a service and lets a handler panic, in a request with the id `panic-7`.
async fn panicked(options: &[&str]) -> Running {
    let service = Running::start(options).await;
    let request =
        "GET /panic HTTP/1.1\r\nhost: a\r\nx-request-id: panic-7\r\nconnection: close\r\n\r\n";
    // The connection may break without an answer.
    let _ = Raw::exchange(service.app, request).await;
    service
}

fn logged(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains(LOGGED)).collect()
}

#[tokio::test]
async fn a_panic_is_logged_with_its_request_and_the_service_goes_on() {
    let service = panicked(&["panics=log"]).await;
    service.line(LOGGED).await;
    assert_eq!(service.get("/hello").await.1, "hello");
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    let lines = logged(&ended.log);
    assert!(lines.len() == 1 && lines[0].contains("request_id"), "{}", ended.log);
}

#[tokio::test]
async fn a_panic_shuts_the_process_down_if_the_policy_says_so() {
    let ended = exited(&mut panicked(&["panics=shutdown"]).await.process).await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended.reports(&[LOGGED, "; unready"]);
    assert!(ended.log.contains("hook logs"), "an orderly shutdown: {}", ended.log);
}

#[tokio::test]
async fn a_panic_aborts_the_process_if_the_policy_says_so() {
    let mut service = panicked(&["panics=abort"]).await;
    let status = service.process.exited(PATIENCE).await.unwrap();
    let log = service.process.log();
    assert_eq!(status.signal(), Some(6), "SIGABRT: {log}");
    assert!(logged(&log).len() == 1 && !log.contains("hook logs"), "{log}");
}

#[tokio::test]
async fn a_panic_calls_the_function_of_the_policy() {
    let service = panicked(&["panics=call"]).await;
    service.line("called for a handler").await;
    assert_eq!(service.terminate().await.code, Some(0));
}

#[tokio::test]
async fn a_panic_that_a_layer_catches_is_left_to_it_in_either_order_of_the_hooks() {
    for order in ["caught=before", "caught=after"] {
        let service = panicked(&["panics=shutdown", order]).await;
        assert_eq!(service.get("/hello").await.1, "hello", "it goes on");
        let ended = service.terminate().await;
        assert_eq!(ended.code, Some(0), "{}", ended.log);
        assert_eq!(logged(&ended.log), [""; 0], "{}", ended.log);
        let printed = ended.log.lines().any(|line| line.starts_with("thread '"));
        assert!(!printed, "nor by the default hook: {}", ended.log);
        let lines = ended.log.lines().filter(|line| line.contains("a handler")).count();
        assert_eq!(lines, 1, "the layer logs it: {}", ended.log);
    }
}
