use battlement_health::{RunCheck, checks};

#[tokio::test]
async fn a_directory_with_space_passes_and_too_little_of_it_fails() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let state = checks::disk_space(path).degrade_at(100).fail_at(100).min_free(1).run().await;
    assert_eq!(state.as_str(), "pass", "{state}");
    assert!(state.reason().contains(" free on ") && state.reason().contains('%'), "{state}");
    let state = checks::disk_space(path).min_free(u64::MAX).run().await;
    assert_eq!(state.as_str(), "fail", "{state}");
}

#[tokio::test]
async fn the_used_part_is_that_of_df() {
    let state = checks::disk_space("/").degrade_at(100).fail_at(100).run().await;
    let df = std::process::Command::new("df").args(["--output=pcent", "/"]).output().unwrap();
    let text = String::from_utf8(df.stdout).unwrap();
    let expected: i64 = text.lines().nth(1).unwrap().trim().trim_end_matches('%').parse().unwrap();
    let used = state.reason().rsplit_once('(').unwrap().1.trim_end_matches(" % used)");
    let used: i64 = used.parse().unwrap();
    // `df` rounds up, and other processes write meanwhile.
    assert!((expected - used).abs() <= 1, "{state}: {text}");
}

#[tokio::test]
async fn a_path_that_is_missing_fails_with_the_path() {
    let state = checks::disk_space("/nowhere/at/all").run().await;
    let reason = "cannot read /nowhere/at/all: No such file or directory";
    assert!(state.as_str() == "fail" && state.reason().starts_with(reason), "{state}");
}
