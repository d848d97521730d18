//! The job `cargo xtask heavy floods`: floods a server with each kind of HTTP/2 frame, and exhausts its descriptors,
//! while other clients call it. The job fails if a client waits, if memory grows, or if the server does not recover.
//!
//! `floods [ATTACK ..]` attacks the server that it starts as `floods serve`, in a process of its own. The attacker is a
//! Python program with the libraries `h2` and `hyperframe`, which share no code with h2 and hyper.
#![allow(clippy::print_stdout, reason = "the table is for the terminal")]
#![allow(clippy::unwrap_used, reason = "a job fails by panicking")]

mod attack;
mod descriptors;
mod honest;
mod others;
mod service;
mod usage;

use std::{env, process::ExitCode};

use self::{attack::Attack, others::Others, service::Service};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => service::serve().await,
        ref kinds => job(kinds).await,
    }
}

/// Runs the attacks with these names, or all, and the two tests without an attacker.
async fn job(kinds: &[&str]) -> ExitCode {
    let mut failures = Vec::new();
    println!("{}", attack::HEADER);
    let service = Service::start(None).await;
    Others::warm_up(service.addr).await;
    let is_chosen = |name: &str| kinds.is_empty() || kinds.contains(&name);
    for attack in Attack::ALL.iter().filter(|attack| is_chosen(attack.name)) {
        let outcome = attack.run(&service).await;
        println!("{outcome}");
        failures.extend(outcome.failures());
    }
    if is_chosen("honest") {
        failures.extend(honest::run(&service).await);
    }
    drop(service);
    if is_chosen("descriptors") {
        failures.extend(descriptors::run().await);
    }
    failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
