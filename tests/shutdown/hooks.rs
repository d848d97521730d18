use std::time::Duration;

use crate::running::{Ended, Running};

async fn with(hook: &str) -> Ended {
    let ended = Running::start(&[hook]).await.terminate().await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    assert!(ended.log.contains("hook logs"), "the last hook runs nevertheless: {}", ended.log);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
    ended
}

#[tokio::test]
async fn a_hook_that_panics_is_reported_and_the_others_run() {
    with("hook=panics").await.reports(&["hook errors: connections/bad panicked after", "oops"]);
}

#[tokio::test]
async fn a_hook_that_fails_is_reported_and_the_others_run() {
    with("hook=fails").await.reports(&["hook errors: connections/bad failed after", "refused"]);
}

#[tokio::test]
async fn a_hook_that_hangs_is_cancelled_and_the_others_run() {
    // The three hooks after it keep 100 ms each.
    let ended = with("hook=hangs").await;
    ended.reports(&["hooks ", "hook errors: connections/bad timed out after 7"]);
}
