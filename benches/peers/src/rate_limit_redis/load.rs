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

/// Puts requests to a server for so long, one after the other on each connection. Returns how many were
/// answered, all of them well.
pub(super) async fn put(server: SocketAddr, time: Duration) -> Result<u64> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for nth in 0..CONNECTIONS {
        tasks.spawn(connection(server, nth * KEYS / CONNECTIONS, end));
    }
    let mut answers = 0;
    while let Some(done) = tasks.join_next().await {
        answers += done??;
    }
    Ok(answers)
}

async fn connection(server: SocketAddr, mut key: u64, end: Instant) -> Result<u64> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer, mut answers) = (Vec::new(), Vec::with_capacity(1024), 0);
    while Instant::now() < end {
        request.clear();
        write!(request, "GET {PATH} HTTP/1.1\r\nhost: shop\r\nx-customer: {key}\r\n\r\n")?;
        stream.write_all(&request).await?;
        answer.clear();
        // Nothing follows the answer before the next request.
        while !answer.ends_with(BODY.as_bytes()) {
            ensure!(stream.read_buf(&mut answer).await? > 0, "the server hung up");
            ensure!(answer.starts_with(b"HTTP/1.1 200"), "nobody is to be denied");
        }
        answers += 1;
        key = (key + 1) % KEYS;
    }
    Ok(answers)
}
