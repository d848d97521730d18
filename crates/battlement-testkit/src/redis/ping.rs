use std::{io, net::Ipv4Addr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};

const TIMEOUT: Duration = Duration::from_secs(1);

/// Returns the process id of the server on `port`, if it answers and has finished loading.
pub(super) async fn process_id(port: u16) -> Option<u32> {
    timeout(TIMEOUT, query(port)).await.ok()?.ok()?
}

async fn query(port: u16) -> io::Result<Option<u32>> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let mut lines = BufReader::new(stream);
    lines.write_all(b"PING\r\nINFO server\r\nQUIT\r\n").await?;
    let mut lines = lines.lines();
    if lines.next_line().await?.as_deref() != Some("+PONG") {
        return Ok(None);
    }
    while let Some(line) = lines.next_line().await? {
        if let Some(id) = line.strip_prefix("process_id:") {
            return Ok(id.parse().ok());
        }
    }
    Ok(None)
}
