//! The check of open file descriptors, in a process whose limit the test lowers.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;

use battlement_health::{RunCheck, checks};
use rustix::process::{Resource, getrlimit, setrlimit};

#[tokio::test]
async fn descriptors_degrade_and_fail_the_check_near_the_limit_and_recover_when_they_are_closed() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(200);
    setrlimit(Resource::Nofile, limit).unwrap();
    let check = checks::open_files();
    let state = check.run().await;
    assert_eq!(state.as_str(), "pass", "{state}");
    let before: usize = state.reason().split_once(' ').unwrap().0.parse().unwrap();

    let open = |count| (0..count).map(|_| File::open("/dev/null").unwrap()).collect::<Vec<_>>();
    let mut files = open(180 - before);
    assert_eq!(check.run().await.to_string(), "degraded: 180 of 200 descriptors open (90 %)");
    files.extend(open(16));
    assert_eq!(check.run().await.to_string(), "fail: 196 of 200 descriptors open (98 %)");
    drop(files);
    assert_eq!(check.run().await.as_str(), "pass");
}
