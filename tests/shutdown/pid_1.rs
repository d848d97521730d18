//! A service as the first process of a container, where signals without a handler are ignored.

use std::{fs, process::Command};

use battlement_testkit::eventually;

use crate::running::{Ended, PATIENCE, Running, command, exited};

/// Starts a service as process 1 of a namespace, sends it `signals`, and waits for its exit.
async fn as_pid_1(options: &[&str], signals: &[&str]) -> Ended {
    let program = command(options);
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child"]);
    unshare.arg(program.get_program()).args(program.get_args());
    unshare.env("TOKIO_WORKER_THREADS", "1").env_remove("KUBERNETES_SERVICE_HOST");
    let mut service = Running::of(&mut unshare).await;
    let child = child_of(service.process.id()).await;
    for (index, signal) in signals.iter().enumerate() {
        if index > 0 {
            service.line("shutdown started").await;
        }
        let sent = Command::new("kill").args([*signal, &child]).status().unwrap();
        assert!(sent.success());
    }
    exited(&mut service.process).await
}

async fn child_of(id: u32) -> String {
    let children = format!("/proc/{id}/task/{id}/children");
    let read = || fs::read_to_string(&children).unwrap().trim().to_owned();
    assert!(eventually(PATIENCE, || !read().is_empty()).await);
    read()
}

#[tokio::test]
async fn a_service_that_is_process_1_ends_at_a_signal() {
    let ended = as_pid_1(&[], &["-TERM"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["received SIGTERM; unready"]);
}

#[tokio::test]
async fn a_service_that_is_process_1_exits_at_a_second_signal() {
    let ended = as_pid_1(&["delay=25000", "budget=28000"], &["-TERM", "-INT"]).await;
    assert_eq!(ended.code, Some(130), "{}", ended.log);
    ended.reports(&["received SIGTERM; exit forced by SIGINT"]);
}
