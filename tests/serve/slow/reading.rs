//! Clients that do not read, or have ended their sending side.

use std::{net::SocketAddr, time::Duration};

use battlement_testkit::client::Http2;
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use super::server::Running;

const HOUR: Duration = Duration::from_secs(3600);

/// Waits until the body of a response has begun, and returns the time after which the server drops it.
async fn dropped_after(server: &Running) -> Duration {
    while server.progress.receiver_count() == 0 {
        yield_now().await;
    }
    let start = Instant::now();
    let dropped = async {
        while server.progress.receiver_count() > 0 {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(HOUR, dropped).await.expect("the body is still held");
    start.elapsed()
}

fn is_30_seconds(time: Duration) -> bool {
    time >= Duration::from_secs(29) && time < Duration::from_secs(41)
}

async fn ask(addr: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop.test\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads_is_cut_after_30_seconds() {
    let server = Running::start().await;
    let _stream = ask(server.addr, "/endless").await;
    let dropped = dropped_after(&server).await;
    assert!(is_30_seconds(dropped), "{dropped:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_over_http2_that_opens_no_window_is_cut_after_30_seconds() {
    let server = Running::start().await;
    let mut client = Http2::connect(server.addr).await.unwrap();
    let request = Request::get("/endless").body(Empty::<Bytes>::new()).unwrap();
    let _response = client.send(request).await.unwrap();
    let dropped = dropped_after(&server).await;
    assert!(is_30_seconds(dropped), "{dropped:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_reads_a_little_every_20_seconds_is_not_cut() {
    let server = Running::start().await;
    let stream = ask(server.addr, "/endless").await;
    let mut buffer = vec![0; 1 << 20];
    for _ in 0..20 {
        sleep(Duration::from_secs(20)).await;
        // Empties the buffers of both sockets, so that the server can write.
        while stream.try_read(&mut buffer).is_ok() {}
        yield_now().await;
        assert!(server.progress.receiver_count() > 0);
    }
}

#[tokio::test]
async fn a_client_that_has_ended_its_sending_side_gets_its_answer() {
    let server = Running::start().await;
    let mut stream = ask(server.addr, "/waits").await;
    while server.progress.receiver_count() == 0 {
        yield_now().await;
    }
    stream.shutdown().await.unwrap();
    // Longer than the server takes to see the end.
    for _ in 0..100 {
        yield_now().await;
    }
    server.progress.send_replace(true);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("told"), "{answer}");
}
