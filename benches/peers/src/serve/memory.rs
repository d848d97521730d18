use std::fs;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::load;
use crate::measure::server::Server;

const CONNECTIONS: u64 = 2_000;
const KINDS: [(&str, &str); 4] = [
    ("hyper", "hyper, a bare loop"),
    ("ours", "ours"),
    ("axum", "axum::serve"),
    ("axum-ours", "ours, with an axum router"),
];

/// Measures the resident memory that connections take which are kept alive after one request each.
pub(super) async fn compare() -> Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < 2 * CONNECTIONS) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(2 * CONNECTIONS), maximum })?;
    }
    println!("### Memory of {CONNECTIONS} idle connections\n\n| | MiB | KiB each |\n|---|---|---|");
    for (kind, name) in KINDS {
        let server = Server::start(&["serve", kind])?;
        load::exchange(&mut load::connect(server.addr).await?).await?;
        let before = resident(server.id())?;
        let mut idle = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut stream = load::connect(server.addr).await?;
            load::exchange(&mut stream).await?;
            idle.push(stream);
        }
        let kib = (resident(server.id())? - before) as f64;
        println!("| {name} | {:.1} | {:.1} |", kib / 1024.0, kib / CONNECTIONS as f64);
    }
    println!();
    Ok(())
}

/// Returns the resident memory of a process in KiB.
fn resident(id: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(line.context("no VmRSS")?.trim().trim_end_matches(" kB").parse()?)
}
