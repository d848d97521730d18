use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use super::{ROUNDS, load};
use crate::measure::{median::Median, server::Server};

const ROUND: Duration = Duration::from_secs(1);
const WARM_UP: Duration = Duration::from_millis(300);

/// Compares one accept loop with two (`SO_REUSEPORT`), on a runtime with two threads and with a connection for each
/// request.
pub(super) async fn compare() -> Result<()> {
    let servers = [Server::start(&["serve", "loops-1"])?, Server::start(&["serve", "loops-2"])?];
    for server in &servers {
        load::send(server.addr, WARM_UP, true).await?;
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push([per_second(&servers[0]).await?, per_second(&servers[1]).await?]);
    }
    println!("### Accept loops, with a connection for each request\n");
    println!("| | requests/s (min–max) |\n|---|---|");
    for (at, name) in ["with one accept loop", "with two accept loops"].into_iter().enumerate() {
        let speed = Median::of(rounds.iter().map(|round| round[at]));
        println!("| {name} | {:.0} ({:.0}–{:.0}) |", speed.value, speed.min, speed.max);
    }
    let ratio = Median::of(rounds.iter().map(|[one, two]| two / one));
    println!("\nTwo loops take {:.2} times the requests of one.\n", ratio.value);
    Ok(())
}

async fn per_second(server: &Server) -> Result<f64> {
    let start = Instant::now();
    let responses = load::send(server.addr, ROUND, true).await? as f64;
    Ok(responses / start.elapsed().as_secs_f64())
}
