//! A concurrency limit under axum, hyper and tonic, over real sockets, with clients that read slowly, leave, or send half of
//! a body.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figures are for the terminal")]

mod client;
mod customers;
mod cut;
#[path = "../chaos/dice.rs"]
mod dice;
mod half_sent;
mod leaving;
mod service;
mod slow;

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Longer than any awaited event takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Raises the soft limit of open files, which is often 1,024, to what this number of connections needs.
fn raise_file_limit(connections: usize) {
    // Each connection has two sockets in this process. The rest is for the process itself.
    let files = u64::try_from(3 * connections).unwrap();
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < files) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum }).unwrap();
    }
}
