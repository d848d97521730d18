//! The whole stack around a service that responds, streams, hangs, panics, fails and upgrades at random, under callers
//! that disconnect at any point. The test has its own process, since it measures the memory of the process.
//!
//! `BATTLEMENT_CHAOS_CALLS` is the number of calls; `cargo xtask heavy chaos` sets a million.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod caller;
mod dice;
mod hanging;
mod page;
mod script;
mod service;
mod sockets;
mod stack;
mod tally;

use std::{
    env, fs,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use battlement::problem::silence_caught_panics;

use crate::{dice::Dice, stack::Stack, tally::Tally};

const CALLS: u64 = 20_000;
const TASKS: u64 = 64;
/// The number of calls between two scrapes of the page of metrics.
const BETWEEN_PAGES: u32 = 5_000;
/// The memory that the allocator may retain, in kilobytes.
const MAX_GROWTH: u64 = 8_192;

fn calls() -> u64 {
    env::var("BATTLEMENT_CHAOS_CALLS").map_or(CALLS, |calls| calls.parse().unwrap())
}

/// Returns the resident memory in kilobytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Makes `calls` calls from tasks on both threads.
async fn storm(stack: &Arc<Stack>, seed: u64, calls: u64) -> Tally {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let stack = Arc::clone(stack);
            tokio::spawn(async move {
                let (mut dice, mut tally) = (Dice::new(seed + task), Tally::default());
                let service = stack.service();
                for _ in 0..calls / TASKS {
                    tally.add(caller::call(&service, &mut dice).await);
                    if dice.one_in(BETWEEN_PAGES) {
                        assert!(!stack.page().0.is_empty());
                    }
                }
                tally
            })
        })
        .collect();
    let mut tally = Tally::default();
    for task in tasks {
        tally.merge(task.await.unwrap());
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_dropped_at_random_are_all_recorded_and_leave_nothing_behind() {
    silence_caught_panics();
    let stack = Arc::new(Stack::new());
    // The first half fills everything that has a bound: routes, series, cells, pools of the allocator.
    let mut tally = storm(&stack, 0, calls() / 2).await;
    let before = resident();
    tally.merge(storm(&stack, TASKS, calls() / 2).await);
    let grown = resident().saturating_sub(before);

    let page = stack.page();
    assert_eq!(page.outcomes(), tally.outcomes);
    for gauge in ["http_server_active_requests{", "http_client_active_requests{"] {
        let samples = page.samples(gauge);
        assert!(
            !samples.is_empty() && samples.iter().all(|(_, value)| *value == 0.0),
            "{samples:?}"
        );
    }
    let upstream = stack.upstream.calls.load(Relaxed);
    assert_eq!((stack.metrics.ended(), stack.metrics.active()), (tally.calls + upstream, 0));

    let [allowed, denied] = ["allow", "deny"].map(|decision| page.decisions("client", decision));
    assert_eq!(allowed + denied, tally.calls);
    assert!(denied > 0, "no client came too often");
    let inside = stack.inside.calls.load(Relaxed);
    assert_eq!(page.decisions("day", "allow"), inside);
    assert_eq!(inside + page.decisions("burst", "deny"), allowed);
    let memory = stack.clients.memory();
    assert!(memory.cells() <= 2 * stack::CELLS, "{} cells", memory.cells());
    assert!(grown < MAX_GROWTH, "{grown} kB more after the second half");
}
