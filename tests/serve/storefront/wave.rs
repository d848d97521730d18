//! Many clients at once, each of which sends a part of a request and then a byte every second.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, interval, sleep_until},
};

use super::shop::Shop;

pub(crate) const CLIENTS: usize = 2_000;
/// The time between two clients.
const SPREAD: Duration = Duration::from_micros(500);

/// Lets all clients begin a request within a second, and waits until the shop has closed each of their connections.
/// Returns the longest time from the first byte of a client to the end of its connection.
pub(crate) async fn of(shop: &Shop, begin: &'static str) -> Duration {
    let mut clients = JoinSet::new();
    for nth in 0..CLIENTS {
        let (addr, at) = (shop.addr, Instant::now() + SPREAD * nth as u32);
        clients.spawn(async move {
            sleep_until(at).await;
            client(addr, begin).await
        });
    }
    clients.join_all().await.into_iter().max().unwrap()
}

/// Returns the time from the first byte to the end of the connection.
async fn client(addr: SocketAddr, begin: &str) -> Duration {
    let stream = TcpStream::connect(addr).await.unwrap();
    let start = Instant::now();
    let (mut reader, mut writer) = stream.into_split();
    let trickled = async {
        // The first byte of the wave is on its way at once.
        let mut sent = writer.write_all(begin.as_bytes()).await;
        let mut seconds = interval(Duration::from_secs(1));
        while sent.is_ok() {
            seconds.tick().await;
            sent = writer.write_all(b"x").await;
        }
    };
    let closed = async {
        let mut buffer = [0; 1024];
        while reader.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    tokio::select! {
        () = trickled => {}
        () = closed => {}
    }
    start.elapsed()
}
