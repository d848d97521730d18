//! Connections without a whole request.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::server::Running;

const HOUR: Duration = Duration::from_secs(3600);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HALF_HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: shop.test\r\n";

/// Sends `first`, then `dripped` every five seconds, and returns the time after which the server closes the connection.
async fn closed_after(addr: SocketAddr, first: &[u8], dripped: &[u8]) -> Duration {
    let stream = TcpStream::connect(addr).await.unwrap();
    let start = Instant::now();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(first).await.unwrap();
    let drips = async {
        while writer.write_all(dripped).await.is_ok() {
            sleep(Duration::from_secs(5)).await;
        }
    };
    let closed = async {
        let mut buffer = [0; 1024];
        while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    let either = async {
        tokio::select! {
            () = closed => {}
            () = drips => {}
        }
    };
    timeout(HOUR, either).await.expect("the connection is still open");
    start.elapsed()
}

/// Asserts that a connection is closed after this number of seconds.
async fn closes(first: &[u8], dripped: &[u8], seconds: u64) {
    let server = Running::start().await;
    let closed = closed_after(server.addr, first, dripped).await;
    let expected = Duration::from_secs(seconds);
    let is_expected = closed >= expected && closed < expected + Duration::from_secs(1);
    assert!(is_expected, "{first:?} {closed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_sends_nothing_is_closed_after_10_seconds() {
    closes(b"", b"", 10).await;
}

#[tokio::test(start_paused = true)]
async fn a_head_is_closed_10_seconds_after_accept_however_it_drips() {
    closes(b"G", b"", 10).await;
    closes(HALF_HEAD, b"", 10).await;
    closes(HALF_HEAD, b"x-more: 1\r\n", 10).await;
    closes(HALF_HEAD, b"x", 10).await;
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_http2_preface_is_closed_after_10_seconds() {
    for length in 1..PREFACE.len() {
        closes(&PREFACE[..length], b"", 10).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_preface_without_settings_is_closed_after_10_seconds() {
    closes(PREFACE, b"", 10).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_head_has_10_seconds_from_its_first_byte() {
    let server = Running::start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
    sleep(Duration::from_secs(30)).await;
    let begun = Instant::now();
    stream.write_all(b"G").await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(HOUR, stream.read_to_end(&mut rest)).await.expect("still open");
    let closed = begun.elapsed();
    assert!(closed >= Duration::from_secs(10) && closed < Duration::from_secs(11), "{closed:?}");
}
