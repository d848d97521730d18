//! Servers of the testkit go on when the process has had too many open files.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs::File, net::SocketAddr, time::Duration};

use battlement_testkit::{balancer::Balancer, upstream::Upstream};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

const DEADLINE: Duration = Duration::from_secs(20);
/// The time in which a server would answer if it could accept.
const SILENCE: Duration = Duration::from_millis(200);

/// Opens files until the process may open no more.
fn exhaust() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// Connects while the server cannot accept, and returns the connection and the first bytes that the server sends once
/// it can.
async fn first_bytes(addr: SocketAddr, request: &[u8]) -> (TcpStream, Vec<u8>) {
    let socket = TcpSocket::new_v4().unwrap();
    let files = exhaust();
    let mut client: TcpStream = socket.connect(addr).await.unwrap();
    client.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    timeout(SILENCE, client.read_buf(&mut bytes)).await.unwrap_err();
    drop(files);
    timeout(DEADLINE, client.read_buf(&mut bytes)).await.unwrap().unwrap();
    (client, bytes)
}

// The limit applies to the whole process, so this is the only test of its file.
#[tokio::test]
async fn a_port_accepts_again_after_the_process_had_too_many_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(128), ..limit }).unwrap();

    let upstream = Upstream::start().await.unwrap();
    // The connection stays open, since its end would free a descriptor in the middle of the next check.
    let (_client, answer) = first_bytes(upstream.addr(), b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));

    // A balancer without instances closes each connection that it has accepted.
    let balancer = Balancer::start("/", []).await.unwrap();
    let (_client, bytes) = first_bytes(balancer.addr(), b"").await;
    assert_eq!(bytes, b"");
    TcpStream::connect(balancer.addr()).await.unwrap();
}
