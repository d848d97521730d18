use std::io;

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{Flow, Link};

/// The maximum number of chunks in flight; after that, the sender has to wait, as with TCP.
const MAX_IN_FLIGHT: usize = 256;
const CHUNK_SIZE: usize = 16 * 1024;

/// Forwards bytes according to the flow of the link, until the sender ends or either side fails.
pub(super) async fn pipe(
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    link: watch::Receiver<Link>,
    flow: fn(&Link) -> Flow,
) {
    let (sender, receiver) = mpsc::channel(MAX_IN_FLIGHT);
    // An error means that a connection has ended, which both peers see themselves.
    let _ = tokio::join!(read(from, sender), write(receiver, to, link, flow));
}

/// Reads chunks and records the arrival time of each, so that delays do not add up.
async fn read(mut from: OwnedReadHalf, sender: mpsc::Sender<(Instant, Bytes)>) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(CHUNK_SIZE);
        if from.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        if sender.send((Instant::now(), buffer.split().freeze())).await.is_err() {
            return Ok(());
        }
    }
}

async fn write(
    mut receiver: mpsc::Receiver<(Instant, Bytes)>,
    mut to: OwnedWriteHalf,
    mut link: watch::Receiver<Link>,
    flow: fn(&Link) -> Flow,
) -> io::Result<()> {
    while let Some((read_at, chunk)) = receiver.recv().await {
        delay(read_at, &mut link, flow).await;
        to.write_all(&chunk).await?;
    }
    to.shutdown().await
}

/// Waits until a chunk that was read at `read_at` is due.
async fn delay(read_at: Instant, link: &mut watch::Receiver<Link>, flow: fn(&Link) -> Flow) {
    loop {
        let current = flow(&link.borrow_and_update());
        tokio::select! {
            () = due(read_at, current) => return,
            Ok(()) = link.changed() => {}
        }
    }
}

async fn due(read_at: Instant, flow: Flow) {
    match flow {
        Flow::Delayed(time) => sleep_until(read_at + time).await,
        Flow::Frozen => std::future::pending().await,
    }
}
