use battlement_health::{RunCheck, checks};

#[tokio::test]
async fn this_process_is_within_its_limit_or_has_none() {
    let state = checks::memory().degrade_at(100).fail_at(100).run().await;
    assert_eq!(state.as_str(), "pass", "{state}");
    let reason = state.reason();
    let is_known =
        reason == "the cgroup has no memory limit" || reason.starts_with("working set is ");
    assert!(is_known, "{state}");
}
