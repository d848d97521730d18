use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, ensure};
use tokio::{net::TcpStream, process::Command, task::JoinSet, time::Instant};

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

/// Sends requests over HTTP/2 with h2load, 8 at a time on each of 8 connections, and returns the number of responses.
pub(super) async fn send_http2(server: SocketAddr, time: Duration) -> Result<u64> {
    let time = format!("{}ms", time.as_millis());
    let report =
        h2load(server, &["--clients=8", "--max-concurrent-streams=8", "--duration", &time]).await?;
    let (total, succeeded) =
        (number_before(&report, " total,")?, number_before(&report, " succeeded,")?);
    ensure!(total == succeeded, "the report of h2load has failed requests:\n{report}");
    Ok(succeeded)
}

/// Sends this many requests over one HTTP/2 connection, one after the other.
pub(super) async fn exchange_http2(server: SocketAddr, requests: u64) -> Result<()> {
    h2load(server, &["--clients=1", "--requests", &requests.to_string()]).await?;
    Ok(())
}

/// Returns the report of h2load, whose requests have the headers of [`REQUEST`].
async fn h2load(server: SocketAddr, args: &[&str]) -> Result<String> {
    let mut command = Command::new("h2load");
    command.args(args).args(["--header=accept: */*", "--header=user-agent: bench"]);
    command.arg(format!("http://{server}/")).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.context("is h2load installed?")?;
    ensure!(output.status.success(), "h2load: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Returns the number in front of a word of h2load's report: `requests: 50 total, 50 started, 50 done, 50 succeeded,`.
fn number_before(report: &str, word: &str) -> Result<u64> {
    let number = report
        .lines()
        .find(|line| line.starts_with("requests:"))
        .and_then(|line| line.split_once(word)?.0.rsplit(' ').next()?.parse().ok());
    number.with_context(|| format!("no number before {word:?} in h2load's report:\n{report}"))
}
