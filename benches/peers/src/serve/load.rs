use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use tokio::{net::TcpStream, task::JoinSet, time::Instant};

use super::server::BODY;
use crate::measure::load;
pub(super) use crate::measure::load::connect;

const CONNECTIONS: usize = 64;
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: shop\r\naccept: */*\r\nuser-agent: bench\r\n\r\n";

/// Sends requests to a server for `time`, one after the other on each connection, and returns the number of
/// responses. With `fresh`, each request has a connection of its own.
pub(super) async fn send(server: SocketAddr, time: Duration, fresh: bool) -> Result<u64> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        tasks.spawn(async move {
            let (mut stream, mut responses) = (connect(server).await?, 0);
            while Instant::now() < end {
                exchange(&mut stream).await?;
                responses += 1;
                if fresh {
                    // Without FIN, so that the ports are free again at once.
                    stream.set_zero_linger()?;
                    stream = connect(server).await?;
                }
            }
            anyhow::Ok(responses)
        });
    }
    let mut responses = 0;
    while let Some(done) = tasks.join_next().await {
        responses += done??;
    }
    Ok(responses)
}

/// Sends a request, and reads its response. Any status other than 200 is an error.
pub(super) async fn exchange(stream: &mut TcpStream) -> Result<()> {
    load::exchange(stream, REQUEST, &mut Vec::with_capacity(256), BODY).await
}
