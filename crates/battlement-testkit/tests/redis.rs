//! Tests of a real `redis-server` with kills, pauses and restarts.

use std::{net::Ipv4Addr, time::Duration};

use battlement_testkit::redis::{Redis, StartError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

async fn connect(redis: &Redis) -> std::io::Result<TcpStream> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, redis.port())).await
}

/// Sends `command`, and returns the first bytes of the reply.
async fn query(stream: &mut TcpStream, command: &str) -> std::io::Result<String> {
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    reply(stream).await
}

async fn reply(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut reply = vec![0; 64];
    let read = stream.read(&mut reply).await?;
    Ok(String::from_utf8_lossy(&reply[..read]).trim_end().to_owned())
}

#[tokio::test]
async fn a_started_server_answers_immediately() {
    let redis = Redis::start().await.unwrap();
    let mut stream = connect(&redis).await.unwrap();
    assert_eq!(query(&mut stream, "PING").await.unwrap(), "+PONG");
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}/", redis.port()));
}

#[tokio::test]
async fn a_paused_server_does_not_answer_until_it_is_resumed() {
    let mut redis = Redis::start().await.unwrap();
    let mut stream = connect(&redis).await.unwrap();
    redis.pause();
    let result = timeout(Duration::from_millis(200), query(&mut stream, "PING")).await;
    assert!(result.is_err());
    redis.resume();
    assert_eq!(reply(&mut stream).await.unwrap(), "+PONG");
}

#[tokio::test]
async fn a_killed_server_refuses_connections_and_a_restarted_one_is_empty() {
    let mut redis = Redis::start().await.unwrap();
    let port = redis.port();
    let mut stream = connect(&redis).await.unwrap();
    assert_eq!(query(&mut stream, "SET key value").await.unwrap(), "+OK");

    redis.kill();
    assert!(connect(&redis).await.is_err());

    redis.restart().await.unwrap();
    assert_eq!(redis.port(), port);
    let mut stream = connect(&redis).await.unwrap();
    assert_eq!(query(&mut stream, "GET key").await.unwrap(), "$-1");
}

#[tokio::test]
async fn a_paused_server_can_be_killed_and_signals_after_that_have_no_effect() {
    let mut redis = Redis::start().await.unwrap();
    redis.pause();
    redis.kill();
    redis.pause();
    redis.resume();
    assert!(connect(&redis).await.is_err());
}

#[tokio::test]
async fn a_dropped_server_is_killed() {
    let redis = Redis::start().await.unwrap();
    let port = redis.port();
    drop(redis);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err());
}

#[tokio::test]
async fn servers_that_start_concurrently_get_different_ports() {
    let mut starting: JoinSet<_> = (0..8).map(|_| Redis::start()).collect();
    let mut started = Vec::new();
    while let Some(redis) = starting.join_next().await {
        started.push(redis.unwrap().unwrap());
    }
    let mut ports: Vec<u16> = started.iter().map(Redis::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 8);
}

#[tokio::test]
async fn arguments_are_kept_across_restarts() {
    let mut redis = Redis::start_with(&["--databases", "1"]).await.unwrap();
    redis.restart().await.unwrap();
    let mut stream = connect(&redis).await.unwrap();
    let reply = query(&mut stream, "SELECT 1").await.unwrap();
    assert_eq!(reply, "-ERR DB index is out of range");
}

#[tokio::test]
async fn the_error_for_invalid_arguments_names_them() {
    let error = Redis::start_with(&["--no-such-option", "1"]).await.unwrap_err();
    assert!(error.to_string().contains("no-such-option"), "{error}");
}

#[test]
fn the_error_for_a_missing_server_names_the_install_command() {
    let message = StartError::NotInstalled.to_string();
    assert!(message.contains("apt-get install redis-server"));
}
