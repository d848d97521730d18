use std::time::Duration;

use anyhow::Result;
use battlement_testkit::redis::Redis;
use tokio::time::Instant;

use super::redis_process;
use crate::measure::{cores::Core, cpu, load, median::Median, server::Server};

const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(300);
const SERVERS: [Candidate; 5] = [
    Candidate { kind: "bare", name: "axum", baseline: 0 },
    Candidate { kind: "ours", name: "axum, ours", baseline: 0 },
    Candidate { kind: "peer", name: "axum, tower-rate-limit-redis", baseline: 0 },
    Candidate { kind: "shop", name: "axum, the storefront's layers", baseline: 3 },
    Candidate { kind: "shop-ours", name: "axum, the storefront's layers, ours", baseline: 3 },
];

/// A server under comparison.
struct Candidate {
    kind: &'static str,
    name: &'static str,
    /// The index of the same server without a limiter.
    baseline: usize,
}

/// The figures of one round of a server.
struct Figures {
    per_second: f64,
    server_micros: f64,
    redis_micros: f64,
}

/// Compares all servers. The server has one core; Redis and the load generator share another.
pub(super) async fn compare() -> Result<()> {
    let redis = Redis::start().await?;
    redis_process::pin(&redis, Core(1)).await?;
    let mut servers = Vec::new();
    for candidate in SERVERS {
        servers.push(Server::start(&["serve", candidate.kind, &redis.url()])?);
    }
    Core(1).pin()?;
    for server in &servers {
        load::send(server.addr, WARM_UP).await?;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut figures = Vec::new();
        for server in &servers {
            figures.push(measure(server, &redis).await?);
        }
        rounds.push(figures);
    }
    println!("### Requests over 64 connections\n");
    println!(
        "| | requests/s (min–max) | vs. axum | vs. same without limiter | server CPU µs each | Redis CPU µs each |"
    );
    println!("|---|---|---|---|---|---|");
    for (at, candidate) in SERVERS.iter().enumerate() {
        println!("{}", row(candidate, &rounds, at));
    }
    println!();
    Ok(())
}

async fn measure(server: &Server, redis: &Redis) -> Result<Figures> {
    let before = (cpu::process_seconds(server.id())?, redis_process::seconds(redis).await?);
    let start = Instant::now();
    let responses = load::send(server.addr, ROUND).await? as f64;
    let elapsed = start.elapsed();
    let after = (cpu::process_seconds(server.id())?, redis_process::seconds(redis).await?);
    Ok(Figures {
        per_second: responses / elapsed.as_secs_f64(),
        server_micros: (after.0 - before.0) * 1e6 / responses,
        redis_micros: (after.1 - before.1) * 1e6 / responses,
    })
}

fn row(candidate: &Candidate, rounds: &[Vec<Figures>], at: usize) -> String {
    let of =
        |figure: fn(&Figures) -> f64| Median::of(rounds.iter().map(|round| figure(&round[at])));
    let ratio = |to: usize| {
        Median::of(rounds.iter().map(|round| round[at].per_second / round[to].per_second)).value
    };
    let speed = of(|figures| figures.per_second);
    format!(
        "| {} | {:.0} ({:.0}–{:.0}) | {:.2} | {:.2} | {:.1} | {:.1} |",
        candidate.name,
        speed.value,
        speed.min,
        speed.max,
        ratio(0),
        ratio(candidate.baseline),
        of(|figures| figures.server_micros).value,
        of(|figures| figures.redis_micros).value,
    )
}
