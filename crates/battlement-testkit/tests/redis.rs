//! A real `redis-server`, through kills, stops and restarts.

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

/// Sends `command`, and returns the first bytes that come back.
async fn ask(stream: &mut TcpStream, command: &str) -> std::io::Result<String> {
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    answer(stream).await
}

async fn answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut answer = vec![0; 64];
    let read = stream.read(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer[..read]).trim_end().to_owned())
}

#[tokio::test]
async fn a_started_server_answers_at_once() {
    let redis = Redis::start().await.unwrap();
    let mut stream = connect(&redis).await.unwrap();
    assert_eq!(ask(&mut stream, "PING").await.unwrap(), "+PONG");
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}/", redis.port()));
}

#[tokio::test]
async fn a_stopped_server_is_silent_until_it_goes_on() {
    let mut redis = Redis::start().await.unwrap();
    let mut stream = connect(&redis).await.unwrap();
    redis.stop();
    let silence = timeout(Duration::from_millis(200), ask(&mut stream, "PING")).await;
    assert!(silence.is_err());
    redis.cont();
    assert_eq!(answer(&mut stream).await.unwrap(), "+PONG");
}

#[tokio::test]
async fn a_killed_server_refuses_connections_and_a_restarted_one_is_empty() {
    let mut redis = Redis::start().await.unwrap();
    let port = redis.port();
    let mut stream = connect(&redis).await.unwrap();
    assert_eq!(ask(&mut stream, "SET key value").await.unwrap(), "+OK");

    redis.kill();
    assert!(connect(&redis).await.is_err());

    redis.restart().await.unwrap();
    assert_eq!(redis.port(), port);
    let mut stream = connect(&redis).await.unwrap();
    assert_eq!(ask(&mut stream, "GET key").await.unwrap(), "$-1");
}

#[tokio::test]
async fn a_stopped_server_can_be_killed_and_one_that_is_gone_takes_no_signals() {
    let mut redis = Redis::start().await.unwrap();
    redis.stop();
    redis.kill();
    redis.stop();
    redis.cont();
    assert!(connect(&redis).await.is_err());
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let redis = Redis::start().await.unwrap();
    let port = redis.port();
    drop(redis);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err());
}

#[tokio::test]
async fn servers_that_start_at_once_get_ports_of_their_own() {
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
async fn arguments_reach_the_server_through_restarts() {
    let mut redis = Redis::start_with(&["--databases", "1"]).await.unwrap();
    redis.restart().await.unwrap();
    let mut stream = connect(&redis).await.unwrap();
    let refused = ask(&mut stream, "SELECT 1").await.unwrap();
    assert_eq!(refused, "-ERR DB index is out of range");
}

#[tokio::test]
async fn a_server_that_refuses_its_arguments_says_why() {
    let error = Redis::start_with(&["--no-such-option", "1"]).await.unwrap_err();
    assert!(error.to_string().contains("no-such-option"), "{error}");
}

#[test]
fn a_missing_server_says_how_to_install_it() {
    let said = StartError::NotInstalled.to_string();
    assert!(said.contains("apt-get install redis-server"));
}
