//! Listeners that a parent passes to the service.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    process::Command,
};

use battlement_testkit::{
    client::Raw,
    eventually,
    process::{Process, Signal},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};

use crate::running::{PATIENCE, Running, SERVICE, get, start_with};

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
/// Flags of an open file, in octal (fcntl.h).
const NON_BLOCKING: u32 = 0o4000;
const CLOSE_ON_EXEC: u32 = 0o2_000_000;

/// Starts a real parent, which starts the service when a client connects.
fn activate(listeners: &[&str], names: &str) -> Process {
    let mut command = Command::new("systemd-socket-activate");
    for listener in listeners {
        command.arg(format!("--listen={listener}"));
    }
    command.arg(format!("--fdname={names}")).args([SERVICE, "listen=env"]);
    Process::start(&mut command).unwrap_or_else(|error| {
        panic!("cannot start systemd-socket-activate: {error}; `cargo xtask test --install` installs it")
    })
}

/// Returns an address that is free at the moment.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Returns the flags of a descriptor of the process.
fn flags(process: &Process, fd: u32) -> u32 {
    let info = fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", process.id())).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
    u32::from_str_radix(flags.trim(), 8).unwrap()
}

async fn terminate(mut process: Process) {
    process.signal(Signal::TERM);
    let status = process.exited(PATIENCE).await.unwrap();
    assert!(status.success(), "{status}\n{}", process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_systemd_starts_for_its_first_connection_answers_it() {
    let addr = free();
    let process = activate(&[&addr.to_string()], "public");
    process.line("Listening on", PATIENCE).await.unwrap();
    assert_eq!(get(addr).await, "hello");
    assert_eq!(process.line("names ", PATIENCE).await.unwrap(), "names public");
    let flags = flags(&process, 3);
    assert_eq!(flags & NON_BLOCKING, NON_BLOCKING, "the listener blocks: {flags:o}");
    assert_eq!(flags & CLOSE_ON_EXEC, CLOSE_ON_EXEC, "the listener is inherited: {flags:o}");
    for _ in 0..10 {
        assert_eq!(get(addr).await, "hello");
    }
    terminate(process).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_are_found_by_name_among_others_and_may_be_unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("public.sock");
    let process = activate(&[&free().to_string(), path.to_str().unwrap()], "other:public");
    process.line("Listening on", PATIENCE).await.unwrap();
    assert!(eventually(PATIENCE, || path.exists()).await);
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("hello"), "{answer}");
    assert_eq!(process.line("names ", PATIENCE).await.unwrap(), "names other public");
    terminate(process).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_between_two_processes_are_answered_by_the_next_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    for _ in 0..3 {
        let service = Running::with(&listener).await;
        assert_eq!(service.app, addr);
        assert_eq!(get(addr).await, "hello");
        assert!(service.terminate().await.success());
        let mut waiting = Vec::new();
        for _ in 0..5 {
            let mut client = Raw::connect(addr).await.unwrap();
            client.write(REQUEST).await.unwrap();
            waiting.push(client);
        }
        let service = Running::with(&listener).await;
        for client in &mut waiting {
            assert!(client.read_to_end().await.unwrap().ends_with(b"hello"));
        }
        assert!(service.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptors_that_cannot_be_accepted_from_end_the_service_with_an_error_that_names_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    for fd in [File::open("/dev/null").unwrap().into(), connection.into()] {
        let mut process = start_with(fd);
        assert!(!process.exited(PATIENCE).await.unwrap().success());
        let log = process.log();
        assert!(log.contains("listener \\\"public\\\" of `LISTEN_FDS`"), "{log}");
    }
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    let process = start_with(listener.into());
    assert_eq!(process.line("app ", PATIENCE).await.unwrap(), "app unix");
}
