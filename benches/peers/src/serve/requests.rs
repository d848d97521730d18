use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use tokio::time::Instant;

use super::{ROUNDS, load};
use crate::measure::{cores::Core, cpu, median::Median, server::Server};

const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(300);
/// Each server, its name, and the index of the server that it is compared with.
type Servers = [(&'static str, &'static str, usize)];

const HTTP1: &Servers = &[
    ("hyper", "hyper, a bare loop", 0),
    ("hyper-timer", "hyper, with a timer", 0),
    ("ours", "ours", 0),
    ("axum", "axum::serve", 3),
    ("axum-ours", "ours, with an axum router", 3),
];
const HTTP2: &Servers = &[
    ("hyper-http2", "hyper, a bare loop", 0),
    ("ours", "ours", 0),
    ("axum", "axum::serve", 2),
    ("axum-ours", "ours, with an axum router", 2),
];

/// The requests per second of a server, and its CPU time for each.
#[derive(Clone, Copy)]
struct Figures {
    per_second: f64,
    micros: f64,
}

/// Compares requests over connections that are kept alive. The server has one core, the load generator another.
pub(super) async fn compare() -> Result<()> {
    println!("### Requests over 64 connections\n");
    compare_servers(HTTP1, async |server, time| load::send(server, time, false).await).await?;
    println!("### Requests over 8 HTTP/2 connections, 8 at a time on each\n");
    compare_servers(HTTP2, load::send_http2).await
}

async fn compare_servers(
    kinds: &Servers,
    send: impl AsyncFn(SocketAddr, Duration) -> Result<u64>,
) -> Result<()> {
    let servers = kinds
        .iter()
        .map(|(kind, ..)| Server::start(&["serve", kind]))
        .collect::<Result<Vec<_>>>()?;
    Core(1).pin()?;
    for server in &servers {
        send(server.addr, WARM_UP).await?;
    }
    let mut rounds: Vec<Vec<Figures>> = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Vec::new();
        for server in &servers {
            round.push(measure(server, &send).await?);
        }
        rounds.push(round);
    }
    print(kinds, &rounds);
    Ok(())
}

fn print(kinds: &Servers, rounds: &[Vec<Figures>]) {
    println!(
        "| | requests/s (min–max) | compared with | ratio | CPU µs each |\n|---|---|---|---|---|"
    );
    for (at, (_, name, base)) in kinds.iter().enumerate() {
        let of = |get: fn(&Figures) -> f64| Median::of(rounds.iter().map(|round| get(&round[at])));
        let ratios = rounds.iter().map(|round| round[at].per_second / round[*base].per_second);
        let (speed, ratio) = (of(|figures| figures.per_second), Median::of(ratios));
        println!(
            "| {name} | {:.0} ({:.0}–{:.0}) | {} | {:.2} | {:.1} |",
            speed.value,
            speed.min,
            speed.max,
            kinds[*base].1,
            ratio.value,
            of(|figures| figures.micros).value,
        );
    }
    println!();
}

async fn measure(
    server: &Server,
    send: &impl AsyncFn(SocketAddr, Duration) -> Result<u64>,
) -> Result<Figures> {
    let (before, start) = (cpu::process_seconds(server.id())?, Instant::now());
    let responses = send(server.addr, ROUND).await? as f64;
    let elapsed = start.elapsed().as_secs_f64();
    let micros = (cpu::process_seconds(server.id())? - before) * 1e6 / responses;
    Ok(Figures { per_second: responses / elapsed, micros })
}
