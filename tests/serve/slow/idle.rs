//! Connections that are kept alive.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep},
};

use super::server::Running;
use crate::descriptors;

const IDLE: usize = 2_000;
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n";

async fn answered(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 1024];
    stream.write_all(GET).await.is_ok()
        && stream.read(&mut answer).await.is_ok_and(|read| answer[..read].ends_with(b"hello"))
}

#[tokio::test(start_paused = true)]
async fn two_thousand_idle_connections_stay_for_75_seconds_and_then_end_while_others_are_answered()
{
    descriptors::allow(3 * IDLE as u64);
    let server = Running::start().await;
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        assert!(answered(&mut stream).await);
        idle.push(stream);
    }
    let start = Instant::now();
    let mut busy = TcpStream::connect(server.addr).await.unwrap();
    while server.handle.open() > 1 {
        assert!(answered(&mut busy).await);
        sleep(Duration::from_secs(1)).await;
        assert!(start.elapsed() < Duration::from_secs(80), "{} open", server.handle.open());
        if start.elapsed() < Duration::from_secs(70) {
            assert_eq!(server.handle.open(), IDLE as u64 + 1);
        }
    }
    for mut stream in idle {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
}
