use std::{
    env,
    net::SocketAddr,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::load;
use crate::measure::server::Server;

/// The difference between a short and a long run excludes one-time work.
const SHORT: u64 = 1_000;
const LONG: u64 = 3_000;
type Kinds = [(&'static str, &'static str)];
const HTTP1: &Kinds = &[
    ("hyper", "hyper, a bare loop"),
    ("hyper-timer", "hyper, with a timer"),
    ("ours", "ours"),
    ("axum", "axum::serve"),
    ("axum-ours", "ours, with an axum router"),
];
const HTTP2: &Kinds = &[
    ("hyper-http2", "hyper, a bare loop"),
    ("ours", "ours"),
    ("axum", "axum::serve"),
    ("axum-ours", "ours, with an axum router"),
];

/// Counts the instructions in user space of a request on a connection that is kept alive, with callgrind.
pub(super) async fn compare() -> Result<()> {
    println!("### Instructions of a request\n");
    compare_kinds(HTTP1, exchange).await?;
    println!("### Instructions of a request over HTTP/2\n");
    compare_kinds(HTTP2, load::exchange_http2).await
}

async fn compare_kinds(
    kinds: &Kinds,
    exchange: impl AsyncFn(SocketAddr, u64) -> Result<()>,
) -> Result<()> {
    println!("| | instructions | less hyper |\n|---|---|---|");
    let mut bare = None;
    for (kind, name) in kinds {
        let counts = [count(kind, SHORT, &exchange).await?, count(kind, LONG, &exchange).await?];
        let count = (counts[1] - counts[0]) / (LONG - SHORT);
        let bare = *bare.get_or_insert(count);
        let (added, percent) = percent(count, bare);
        println!("| {name} | {count} | {added:+} ({percent:+.1} %) |");
    }
    println!();
    Ok(())
}

/// Sends requests over HTTP/1, one after the other on a connection.
async fn exchange(server: SocketAddr, requests: u64) -> Result<()> {
    let mut stream = load::connect(server).await?;
    for _ in 1..requests {
        load::exchange(&mut stream).await?;
    }
    // The process may exit before the last response.
    let _ = load::exchange(&mut stream).await;
    Ok(())
}

fn percent(count: u64, bare: u64) -> (i64, f64) {
    let added = count as i64 - bare as i64;
    (added, added as f64 * 100.0 / bare as f64)
}

/// Counts the instructions of a server that exits after this many requests.
async fn count(
    kind: &str,
    requests: u64,
    exchange: &impl AsyncFn(SocketAddr, u64) -> Result<()>,
) -> Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(env::current_exe()?);
    command.args(["serve", kind, &requests.to_string()]).stderr(Stdio::piped());
    let server = Server::of(&mut command).context("is valgrind installed?")?;
    exchange(server.addr, requests).await?;
    let report = server.report()?;
    collected(&report).with_context(|| format!("no count in callgrind's report:\n{report}"))
}

fn collected(report: &str) -> Option<u64> {
    let (_, count) = report.split_once("Collected :")?;
    count.split_whitespace().next()?.parse().ok()
}
