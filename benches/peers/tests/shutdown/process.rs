use std::{fs, net::SocketAddr, process::Command, time::Duration};

use battlement_testkit::{
    client::Raw,
    eventually,
    process::{Process, Signal},
};

use tokio::time::timeout;

use crate::{HANGS, held::Held};

const DEADLINE: Duration = Duration::from_secs(20);

const PEERS: [&str; 3] = ["axum", "tokio-graceful", "tokio-graceful-shutdown"];

/// Starts a program that serves with the peer.
async fn start(peer: &str) -> (Process, SocketAddr) {
    start_with(&[peer]).await
}

async fn start_with(arguments: &[&str]) -> (Process, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shutdown-peers"));
    let process = Process::start(command.args(arguments)).unwrap();
    let line = process.line("listens on", DEADLINE).await.unwrap();
    // Some peers install their handlers after the server has begun to answer.
    assert!(eventually(DEADLINE, || catches_sigterm(process.id())).await);
    (process, line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// Returns whether a process has a handler for SIGTERM.
fn catches_sigterm(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 1 << (15 - 1) != 0
}

/// Waits until the port of a server is closed.
async fn closed(addr: SocketAddr) {
    let is_closed = || std::net::TcpStream::connect(addr).is_err();
    assert!(eventually(DEADLINE, is_closed).await);
}

#[tokio::test]
async fn a_second_sigterm_does_not_end_a_peer_that_hangs() {
    for peer in PEERS {
        let (mut process, addr) = start(peer).await;
        let _reader = Held::Events.open(addr).await;
        process.signal(Signal::TERM);
        closed(addr).await;
        process.signal(Signal::TERM);
        assert!(!eventually(HANGS, || !process.is_running()).await, "{peer}");
    }
}

/// Lets the program start a task that blocks a thread for an hour.
async fn block(addr: SocketAddr) {
    let request = "GET /blocks HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n";
    assert!(Raw::exchange(addr, request).await.unwrap().ends_with(b"started"));
}

#[tokio::test]
async fn a_blocking_task_keeps_the_process_alive_after_the_server_has_ended() {
    for peer in PEERS {
        let (mut process, addr) = start(peer).await;
        block(addr).await;
        process.signal(Signal::TERM);
        process.line("the server has ended", DEADLINE).await.unwrap();
        assert!(!eventually(HANGS, || !process.is_running()).await, "{peer}");
    }
}

#[tokio::test]
async fn ours_exits_at_a_second_sigterm_and_although_a_task_blocks() {
    let (mut process, addr) = start("battlement").await;
    let _reader = Held::Events.open(addr).await;
    process.signal(Signal::TERM);
    closed(addr).await;
    assert!(process.is_running());
    process.signal(Signal::TERM);
    assert_eq!(process.exited(HANGS).await.unwrap().code(), Some(128 + 15));

    let (mut process, addr) = start("battlement").await;
    block(addr).await;
    process.signal(Signal::TERM);
    assert_eq!(process.exited(DEADLINE).await.unwrap().code(), Some(0));
}

/// Blocks every thread of the runtime, and returns the connections of the requests that do.
async fn stall(addr: SocketAddr) -> Vec<Raw> {
    let mut stalled = Vec::new();
    let answers = async || {
        let answer = Raw::exchange(addr, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        timeout(HANGS, answer).await.is_ok()
    };
    while answers().await {
        let mut raw = Raw::connect(addr).await.unwrap();
        raw.write("GET /stalls HTTP/1.1\r\nhost: shop.test\r\n\r\n").await.unwrap();
        stalled.push(raw);
    }
    stalled
}

#[tokio::test]
async fn handlers_that_block_every_thread_outlive_the_limit_of_the_peers() {
    for peer in PEERS {
        let (mut process, addr) = start_with(&[peer, "50"]).await;
        let _stalled = stall(addr).await;
        process.signal(Signal::TERM);
        assert!(!eventually(2 * HANGS, || !process.is_running()).await, "{peer}");
    }
    let (mut process, addr) = start_with(&["battlement", "50"]).await;
    let _stalled = stall(addr).await;
    process.signal(Signal::TERM);
    assert_eq!(process.exited(DEADLINE).await.unwrap().code(), Some(1));
}
