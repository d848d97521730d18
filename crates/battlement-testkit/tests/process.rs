//! Tests of programs as processes: log, signals, exit, and their end with the test process.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and a run prints ids"
)]

use std::{env, fs, process::Command, time::Duration};

use battlement_testkit::{
    eventually,
    process::{Process, Signal},
};
use rustix::process::{Pid, test_kill_process};

const DEADLINE: Duration = Duration::from_secs(20);
/// Long enough to see that nothing happens, short for a test.
const SHORT: Duration = Duration::from_millis(100);
/// Prints its own id and the id of a process that it starts, and ends neither.
const FAMILY: &str = "echo \"parent $$\"; sleep 1000 & echo \"child $!\"; wait";

fn shell(script: &str) -> Process {
    Process::start(Command::new("sh").args(["-c", script])).unwrap()
}

/// Returns whether a process runs; a process that nothing has waited for yet does not.
fn is_running(id: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit(") ").next().is_some_and(|state| state.starts_with('Z'));
    test_kill_process(Pid::from_raw(id).unwrap()).is_ok() && !is_zombie
}

async fn id(process: &Process, name: &str) -> i32 {
    let line = process.line(name, DEADLINE).await.unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_line_is_found_in_either_output_and_after_it_was_logged() {
    let process = shell("echo first; echo second >&2; sleep 1000");
    assert_eq!(process.line("sec", DEADLINE).await.unwrap(), "second");
    assert_eq!(process.line("first", DEADLINE).await.unwrap(), "first");
}

#[tokio::test]
async fn a_program_has_the_environment_and_the_arguments_of_its_command() {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "echo \"$NAME $1 ${HOME:-none}\"", "sh", "argument"]);
    let mut process = Process::start(command.env_clear().env("NAME", "shop")).unwrap();
    assert!(process.exited(DEADLINE).await.unwrap().success());
    assert_eq!(process.log(), "shop argument none");
}

#[tokio::test]
async fn a_missing_line_is_an_error_with_the_log_when_the_program_ends() {
    let process = shell("echo first; exit 1");
    let error = process.line("second", DEADLINE).await.unwrap_err();
    assert_eq!(error.log(), "first");
    assert_eq!(error.to_string(), "the log has no line with \"second\":\nfirst");
}

#[tokio::test]
async fn a_missing_line_is_an_error_at_the_deadline() {
    let process = shell("sleep 1000");
    process.line("anything", SHORT).await.unwrap_err();
}

#[tokio::test]
async fn a_signal_reaches_the_program_and_its_exit_code_is_returned() {
    let mut process = shell("trap 'echo caught; exit 3' TERM; echo ready; sleep 1000 & wait");
    process.line("ready", DEADLINE).await.unwrap();
    process.signal(Signal::TERM);
    assert_eq!(process.exited(DEADLINE).await.unwrap().code(), Some(3));
    assert_eq!(process.log(), "ready\ncaught");
    process.signal(Signal::TERM);
    assert_eq!(process.exited(DEADLINE).await.unwrap().code(), Some(3));
}

#[tokio::test]
async fn a_program_that_still_runs_at_the_deadline_is_an_error() {
    let mut process = shell("echo ready; sleep 1000");
    process.line("ready", DEADLINE).await.unwrap();
    let error = process.exited(SHORT).await.unwrap_err();
    assert_eq!(error.to_string(), "the program is still running:\nready");
    assert!(process.is_running());
    process.kill();
    assert!(!process.is_running());
}

#[test]
fn a_program_that_does_not_exist_is_an_error() {
    Process::start(&mut Command::new("/no/such/program")).unwrap_err();
}

#[tokio::test]
async fn a_dropped_process_ends_with_the_processes_that_it_has_started() {
    let process = shell(FAMILY);
    let ids = [id(&process, "parent").await, id(&process, "child").await];
    assert!(ids.into_iter().all(is_running));
    drop(process);
    assert!(eventually(DEADLINE, || !ids.into_iter().any(is_running)).await);
}

#[tokio::test]
async fn a_program_that_has_exited_leaves_no_process_behind() {
    let mut process = shell("sleep 1000 & echo \"child $!\"");
    process.exited(DEADLINE).await.unwrap();
    let child = id(&process, "child").await;
    assert!(eventually(DEADLINE, || !is_running(child)).await);
}

#[tokio::test]
async fn a_killed_test_run_leaves_no_process_behind() {
    let name = "a_test_run_that_is_killed";
    let mut run = Process::start(Command::new(env::current_exe().unwrap()).args([
        name,
        "--exact",
        "--ignored",
        "--nocapture",
    ]))
    .unwrap();
    run.line("started", DEADLINE).await.unwrap();
    let log = run.log();
    let ids = log.lines().filter_map(|line| line.split_once("process ")?.1.parse().ok());
    let ids: Vec<i32> = ids.collect();
    assert_eq!(ids.len(), if cfg!(feature = "redis") { 6 } else { 2 }, "{log}");
    assert!(ids.iter().copied().all(is_running), "{log}");
    // The signal reaches the run alone; what it has started ends without help of this test.
    run.signal(Signal::KILL);
    assert!(eventually(DEADLINE, || !run.is_running()).await);
    assert!(eventually(DEADLINE, || !ids.iter().copied().any(is_running)).await, "{log}");
}

#[tokio::test]
#[ignore = "the run that another test kills"]
async fn a_test_run_that_is_killed() {
    let process = shell(FAMILY);
    println!();
    println!("process {}", id(&process, "parent").await);
    println!("process {}", id(&process, "child").await);
    #[cfg(feature = "redis")]
    let _servers = redis::started().await;
    println!("started");
    std::future::pending::<()>().await;
}

#[cfg(feature = "redis")]
mod redis {
    use battlement_testkit::redis::{Redis, RedisCluster};

    /// Starts servers and prints their ids. A paused server cannot end by itself.
    pub(crate) async fn started() -> (Redis, RedisCluster) {
        let mut server = Redis::start().await.unwrap();
        let cluster = RedisCluster::start().await.unwrap();
        for server in cluster.masters().iter().chain([&server]) {
            let info: String = server.query(&["INFO", "server"]).await.unwrap();
            let id = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
            println!("process {}", id.trim());
        }
        server.pause();
        (server, cluster)
    }
}
