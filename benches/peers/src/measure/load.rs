use std::{io::Write as _, net::SocketAddr, time::Duration};

use anyhow::{Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::Instant,
};

use super::server::{BODY, PATH};

const CONNECTIONS: u64 = 64;
const KEYS: u64 = 10_000;

/// Sends requests to a server for `time`, one after the other on each connection, and returns the number of
/// responses. Any response other than a 200 is an error.
pub(crate) async fn send(server: SocketAddr, time: Duration) -> Result<u64> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for nth in 0..CONNECTIONS {
        tasks.spawn(connection(server, nth * KEYS / CONNECTIONS, end));
    }
    let mut responses = 0;
    while let Some(done) = tasks.join_next().await {
        responses += done??;
    }
    Ok(responses)
}

async fn connection(server: SocketAddr, mut key: u64, end: Instant) -> Result<u64> {
    let mut stream = connect(server).await?;
    let (mut request, mut response, mut responses) = (Vec::new(), Vec::with_capacity(1024), 0);
    while Instant::now() < end {
        request.clear();
        write!(request, "GET {PATH} HTTP/1.1\r\nhost: shop\r\nx-customer: {key}\r\n\r\n")?;
        exchange(&mut stream, &request, &mut response, BODY).await?;
        responses += 1;
        key = (key + 1) % KEYS;
    }
    Ok(responses)
}

pub(crate) async fn connect(server: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends a request, and reads its response, which ends with `body`, into a buffer. Any status other than 200 is an
/// error.
pub(crate) async fn exchange(
    stream: &mut TcpStream,
    request: &[u8],
    response: &mut Vec<u8>,
    body: &str,
) -> Result<()> {
    stream.write_all(request).await?;
    response.clear();
    // The server sends nothing after a response until the next request.
    while !response.ends_with(body.as_bytes()) {
        ensure!(stream.read_buf(response).await? > 0, "the server closed the connection");
        ensure!(response.starts_with(b"HTTP/1.1 200"), "the response status is not 200");
    }
    Ok(())
}
