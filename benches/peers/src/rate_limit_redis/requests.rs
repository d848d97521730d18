use std::time::Duration;

use anyhow::Result;
use battlement_testkit::redis::Redis;
use tokio::time::Instant;

use super::{cores::Core, cpu, load, median::Median, server::Server};

const TURNS: usize = 11;
const TURN: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(300);
const SERVERS: [Contestant; 5] = [
    Contestant { what: "bare", name: "axum", without: 0 },
    Contestant { what: "ours", name: "axum, ours", without: 0 },
    Contestant { what: "peer", name: "axum, tower-rate-limit-redis", without: 0 },
    Contestant { what: "shop", name: "axum, the storefront's layers", without: 3 },
    Contestant { what: "shop-ours", name: "axum, the storefront's layers, ours", without: 3 },
];

struct Contestant {
    what: &'static str,
    name: &'static str,
    /// The place of the same server without a limiter.
    without: usize,
}

/// What one turn of a server has shown.
struct Figures {
    per_second: f64,
    server_micros: f64,
    redis_micros: f64,
}

/// The server has a core, and Redis another, which it shares with those who ask.
pub(super) async fn compare() -> Result<()> {
    let redis = Redis::start().await?;
    Core(1).pin_redis(&redis).await?;
    let mut servers = Vec::new();
    for contestant in SERVERS {
        servers.push(Server::start(contestant.what, &redis.url())?);
    }
    Core(1).pin()?;
    for server in &servers {
        load::put(server.addr, WARM_UP).await?;
    }
    let mut turns = Vec::new();
    for _ in 0..TURNS {
        let mut figures = Vec::new();
        for server in &servers {
            figures.push(measure(server, &redis).await?);
        }
        turns.push(figures);
    }
    println!("### Requests over 64 connections\n");
    println!(
        "| | requests/s (least–most) | of axum | of the same without a limiter | server CPU µs each | Redis CPU µs each |"
    );
    println!("|---|---|---|---|---|---|");
    for (at, contestant) in SERVERS.iter().enumerate() {
        println!("{}", row(contestant, &turns, at));
    }
    println!();
    Ok(())
}

async fn measure(server: &Server, redis: &Redis) -> Result<Figures> {
    let before = (cpu::of_process(server.id())?, cpu::of_redis(redis).await?);
    let began = Instant::now();
    let answers = load::put(server.addr, TURN).await? as f64;
    let took = began.elapsed();
    let after = (cpu::of_process(server.id())?, cpu::of_redis(redis).await?);
    Ok(Figures {
        per_second: answers / took.as_secs_f64(),
        server_micros: (after.0 - before.0) * 1e6 / answers,
        redis_micros: (after.1 - before.1) * 1e6 / answers,
    })
}

fn row(contestant: &Contestant, turns: &[Vec<Figures>], at: usize) -> String {
    let of = |figure: fn(&Figures) -> f64| Median::of(turns.iter().map(|turn| figure(&turn[at])));
    let ratio = |to: usize| {
        Median::of(turns.iter().map(|turn| turn[at].per_second / turn[to].per_second)).value
    };
    let speed = of(|figures| figures.per_second);
    format!(
        "| {} | {:.0} ({:.0}–{:.0}) | {:.2} | {:.2} | {:.1} | {:.1} |",
        contestant.name,
        speed.value,
        speed.least,
        speed.most,
        ratio(0),
        ratio(contestant.without),
        of(|figures| figures.server_micros).value,
        of(|figures| figures.redis_micros).value,
    )
}
