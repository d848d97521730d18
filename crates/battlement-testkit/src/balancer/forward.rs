use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

const CHUNK_SIZE: usize = 16 * 1024;

/// Forwards both directions until each of them has ended.
pub(super) async fn forward(client: TcpStream, server: TcpStream) {
    // An error means that a connection has ended, which both copies notice by themselves.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::join!(copy(from_client, to_server), copy(from_server, to_client));
}

/// Forwards one direction until its sender ends.
///
/// If the receiver closes its connection, the remaining data is read and discarded: closing a socket with unread data
/// sends a reset, which can destroy data in the other direction.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut chunk = vec![0; CHUNK_SIZE];
    let mut is_broken = false;
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        is_broken = is_broken || to.write_all(&chunk[..length]).await.is_err();
    }
    // An error means that the receiver has ended as well.
    let _ = to.shutdown().await;
}
