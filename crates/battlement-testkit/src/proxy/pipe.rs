use std::io;

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{Flow, Weather};

/// How many pieces are under way at most; beyond them the sender has to wait, as with TCP.
const UNDER_WAY: usize = 256;
const PIECE: usize = 16 * 1024;

/// Passes bytes on as the weather is, until the sender ends or either side breaks.
pub(super) async fn pipe(
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
    flow: fn(&Weather) -> Flow,
) {
    let (sent, arriving) = mpsc::channel(UNDER_WAY);
    // An error is the end of a connection, which the peers see by themselves.
    let _ = tokio::join!(take(from, sent), give(arriving, to, weather, flow));
}

/// Each piece with the time it came at, so that a delay does not add up.
async fn take(mut from: OwnedReadHalf, sent: mpsc::Sender<(Instant, Bytes)>) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(PIECE);
        if from.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        if sent.send((Instant::now(), buffer.split().freeze())).await.is_err() {
            return Ok(());
        }
    }
}

async fn give(
    mut arriving: mpsc::Receiver<(Instant, Bytes)>,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    flow: fn(&Weather) -> Flow,
) -> io::Result<()> {
    while let Some((at, piece)) = arriving.recv().await {
        held_up(at, &mut weather, flow).await;
        to.write_all(&piece).await?;
    }
    to.shutdown().await
}

/// Returns when what came at `at` is to arrive.
async fn held_up(at: Instant, weather: &mut watch::Receiver<Weather>, flow: fn(&Weather) -> Flow) {
    loop {
        let now = flow(&weather.borrow_and_update());
        tokio::select! {
            () = due(at, now) => return,
            Ok(()) = weather.changed() => {}
        }
    }
}

async fn due(at: Instant, flow: Flow) {
    match flow {
        Flow::After(time) => sleep_until(at + time).await,
        Flow::Never => std::future::pending().await,
    }
}
