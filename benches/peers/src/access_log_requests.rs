//! Requests per second and CPU time per request of a server with the storefront's layers, with and without a record of
//! each request.
//!
//! All servers run in alternation, so that a phase of high load affects all of them. A figure is the median over the
//! rounds; a ratio is the median of the ratios within a round.

mod server;

use std::{env, time::Duration};

use anyhow::{Result, bail};
use tokio::{runtime::Builder, time::Instant};

use crate::measure::{
    cores::Core, cpu::process_seconds, load::send, median::Median, server::Server,
};

const USAGE: &str = "usage: access_log
       access_log serve KIND";

const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(300);
/// The kinds of server, with their names.
const SERVERS: [(&str, &str); 7] = [
    ("axum", "axum alone"),
    ("shop", "the storefront's layers"),
    ("off", "the same, with our record, level off"),
    ("writer", "the same, with our record, JSON through the writer"),
    ("tracing", "the same, with our record, JSON through tracing"),
    ("trace-layer", "the same, with TraceLayer, JSON at INFO, one event"),
    ("trace-layer-all", "the same, with TraceLayer, JSON at INFO, all events"),
];
/// The position of the server whose layers the following ones have too.
const SHOP: usize = 1;

/// The figures of one round of a server.
struct Figures {
    per_second: f64,
    micros: f64,
}

/// Runs the command given on the command line.
///
/// # Errors
///
/// Returns an error if the command is invalid or a server fails.
pub fn run() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match args.as_slice() {
            [] => compare().await,
            ["serve", kind] => server::serve(kind).await,
            _ => bail!(USAGE),
        }
    })
}

/// Compares all servers. The server and the thread of its writer share one core; the load generator has another.
async fn compare() -> Result<()> {
    println!("On {}.\n", battlement_benches::describe_machine());
    let servers = SERVERS.map(|(kind, _)| Server::start(&["serve", kind]));
    let servers = servers.into_iter().collect::<Result<Vec<_>>>()?;
    Core(1).pin()?;
    for server in &servers {
        send(server.addr, WARM_UP).await?;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut figures = Vec::new();
        for server in &servers {
            figures.push(measure(server).await?);
        }
        rounds.push(figures);
    }
    println!(
        "| | requests/s (min–max) | vs. without record | server CPU µs each | vs. without record |"
    );
    println!("|---|---|---|---|---|");
    for (at, (_, name)) in SERVERS.iter().enumerate() {
        println!("{}", row(name, &rounds, at));
    }
    println!();
    Ok(())
}

async fn measure(server: &Server) -> Result<Figures> {
    let (before, start) = (process_seconds(server.id())?, Instant::now());
    let responses = send(server.addr, ROUND).await? as f64;
    let elapsed = start.elapsed();
    let seconds = process_seconds(server.id())? - before;
    Ok(Figures { per_second: responses / elapsed.as_secs_f64(), micros: seconds * 1e6 / responses })
}

fn row(name: &str, rounds: &[Vec<Figures>], at: usize) -> String {
    let of =
        |figure: fn(&Figures) -> f64| Median::of(rounds.iter().map(|round| figure(&round[at])));
    let ratio = |figure: fn(&Figures) -> f64| {
        Median::of(rounds.iter().map(|round| figure(&round[at]) / figure(&round[SHOP]))).value
    };
    let speed = of(|figures| figures.per_second);
    format!(
        "| {name} | {:.0} ({:.0}–{:.0}) | {:.2} | {:.1} | {:.2} |",
        speed.value,
        speed.min,
        speed.max,
        ratio(|figures| figures.per_second),
        of(|figures| figures.micros).value,
        ratio(|figures| figures.micros),
    )
}
