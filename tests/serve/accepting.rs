//! A process without descriptors for its connections.

use std::net::SocketAddr;

use battlement_testkit::client::Raw;
use tokio::time::timeout;

use crate::running::{PATIENCE, Running, get};

/// Opens connections that send the half of a head.
async fn half_heads(addr: SocketAddr, count: usize) -> Vec<Raw> {
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = Raw::connect(addr).await.unwrap();
        connection.write("GET / HTTP/1.1\r\nhost: te").await.unwrap();
        connections.push(connection);
    }
    connections
}

/// Returns the number of lines with `part`.
fn lines(log: &str, part: &str) -> usize {
    log.lines().filter(|line| line.contains(part)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_descriptors_logs_it_once_and_accepts_again() {
    let service = Running::after("ulimit -n 64", &["connections=1000"]).await;
    let connections = half_heads(service.app, 100).await;
    let line = service.process.line("cannot accept connections", PATIENCE).await.unwrap();
    assert!(line.contains("Too many open files") && line.contains("listener=\"public\""), "{line}");
    // Several attempts later, since their pause doubles from 5 ms on.
    let slow = timeout(std::time::Duration::from_millis(500), get(service.app)).await;
    assert!(slow.is_err(), "no connection is accepted");
    drop(connections);
    assert_eq!(timeout(PATIENCE, get(service.app)).await.unwrap(), "hello");
    let log = service.process.log();
    assert_eq!(lines(&log, "cannot accept connections"), 1, "{log}");
    assert!(service.terminate().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_limit_leaves_descriptors_and_operators_are_answered_while_the_service_is_full()
{
    let service = Running::after("ulimit -n 256", &["admin=127.0.0.1:0"]).await;
    let admin = service.admin().await;
    let connections = half_heads(service.app, 370).await;
    service.process.line("connection limit reached", PATIENCE).await.unwrap();
    for _ in 0..20 {
        assert_eq!(timeout(PATIENCE, get(admin)).await.unwrap(), "hello");
    }
    drop(connections);
    assert_eq!(timeout(PATIENCE, get(service.app)).await.unwrap(), "hello");
    let log = service.process.log();
    assert_eq!(lines(&log, "cannot accept connections"), 0, "{log}");
    assert_eq!(lines(&log, "connection limit reached"), 1, "{log}");
    assert!(service.terminate().await.success());
}
