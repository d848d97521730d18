//! A WebSocket that echoes short texts, for the callers of this job only (RFC 6455).

use std::{io, pin::pin};

use axum::{
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use battlement::shutdown::ShutdownHandle;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The answer to the key of the callers, which is that of the RFC.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const TEXT: u8 = 0x81;
/// A close with the status 1012, service restart.
const CLOSE: [u8; 4] = [0x88, 2, 0x03, 0xf4];

/// Accepts the connection, for which the drain waits until it is closed.
pub(super) async fn upgrade(mut request: Request, shutdown: ShutdownHandle) -> Response {
    let upgraded = hyper::upgrade::on(&mut request);
    let draining = shutdown.token().draining();
    shutdown.spawn("socket", async move {
        if let Ok(socket) = upgraded.await {
            // An error means that the client has left.
            let _ = echo(TokioIo::new(socket), draining).await;
        }
    });
    let headers =
        [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", ACCEPT)];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// Returns each text, and closes the socket when the process drains.
async fn echo(mut socket: TokioIo<Upgraded>, draining: impl Future<Output = ()>) -> io::Result<()> {
    let mut draining = pin!(draining);
    loop {
        let kind = tokio::select! {
            kind = socket.read_u8() => kind?,
            () = &mut draining => return socket.write_all(&CLOSE).await,
        };
        let length = socket.read_u8().await? & 0x7f;
        // The mask of the callers is zero.
        let mut payload = vec![0; 4 + usize::from(length)];
        socket.read_exact(&mut payload).await?;
        if kind != TEXT {
            return Ok(());
        }
        let answer = [&[TEXT, length][..], &payload[4..]].concat();
        socket.write_all(&answer).await?;
    }
}
