//! The job `cargo xtask heavy restarts`: restarts services behind load balancers, and on addresses that old and new
//! instances share, while callers of every kind call them, and fails if a request is lost.
//!
//! `restarts TIMES [SERVICE ..]` expects the examples beside its own folder, in the same profile. `restarts serve NAME`
//! is one of the servers that the job itself brings (`servers`).
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is for the terminal, and a server without a log prints its errors"
)]
#![allow(clippy::unwrap_used, reason = "a job fails by panicking")]

mod front;
mod haproxy;
mod instance;
mod liveness;
mod namespace;
mod outcome;
mod ports;
mod rolling;
mod servers;
mod service;
mod sockets;
mod stalls;

use std::{env, io, process::ExitCode};

use self::{
    front::{Front, Kind},
    outcome::Outcome,
    ports::Ports,
    service::{Addresses, Service},
};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", name] => servers::serve(name).await,
        [namespace::INSIDE, migrate, times, ref names @ ..] => {
            let kind = Kind::ReusePort { migrate: migrate == "1" };
            inside(kind, number(times), names).await
        }
        [times, ref names @ ..] => job(number(times), names).await,
        _ => panic!("expected `TIMES [SERVICE ..]` or `serve NAME`, got {arguments:?}"),
    }
}

/// Writes the errors of lost requests to standard error.
fn log_losses() {
    let warnings = tracing_subscriber::filter::LevelFilter::WARN;
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(warnings)
        .with_writer(io::stderr)
        .init();
}

fn number(times: &str) -> usize {
    times.parse().expect("`TIMES` must be a number")
}

/// Restarts the services with these names, or all, behind each of their fronts.
async fn job(times: usize, names: &[&str]) -> ExitCode {
    log_losses();
    let mut ports = Ports::default();
    let mut failures = Vec::new();
    println!("{}", Outcome::HEADER);
    let is_chosen = |service: &Service| names.is_empty() || names.contains(&service.name);
    for service in Service::all().into_iter().filter(is_chosen) {
        for kind in service.fronts {
            match kind {
                Kind::ReusePort { migrate } => {
                    let arguments = [&*times.to_string(), service.name];
                    if !namespace::run(*migrate, &arguments) {
                        failures.push(format!("{} with {kind:?}", service.name));
                    }
                }
                _ => failures.extend(restart(&service, *kind, times, &mut ports).await),
            }
        }
    }
    exit(&failures)
}

/// Restarts the services with these names behind one front, in the namespace of this process.
async fn inside(kind: Kind, times: usize, names: &[&str]) -> ExitCode {
    log_losses();
    let mut ports = Ports::default();
    let mut failures = Vec::new();
    for service in Service::all().into_iter().filter(|service| names.contains(&service.name)) {
        failures.extend(restart(&service, kind, times, &mut ports).await);
    }
    exit(&failures)
}

/// Restarts a service behind a front, prints the result, and returns the expectations that are not met.
async fn restart(service: &Service, kind: Kind, times: usize, ports: &mut Ports) -> Vec<String> {
    let mut slots = [ports.slot(), ports.slot()];
    if service.addresses == Addresses::Argument {
        slots.iter_mut().for_each(|slot| slot.admin = slot.addr);
    }
    let front = Front::start(kind, &mut slots, ports).await;
    let outcome = rolling::restart(service, &front, slots, times).await;
    println!("{outcome}");
    outcome.failures(service.expected(kind))
}

fn exit(failures: &[String]) -> ExitCode {
    failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
