//! The traps of adaptive limits, each in simulated time. Figures are those of 8 workers of 10 ms, unless a test says
//! otherwise: 800 calls a second at most, half load 400, and overload 2,400, three times what they can do.

mod aimd;
mod cold;
mod drift;
mod idle;
mod many;
mod mix;
mod rules;
mod starvation;
mod uploads;

use super::{
    MIN, gradient,
    simulation::{Simulation, Work},
};

const WORKERS: usize = 8;
const CAPACITY: f64 = 800.0;
const HALF_LOAD: f64 = 400.0;
const OVERLOAD: f64 = 2_400.0;

/// Service times of a mean of 10 ms.
const KINDS: [Work; 3] = [Work::Constant(10.0), Work::Uniform(10.0), Work::Exponential(10.0)];

/// Returns a simulation of the default algorithm and 8 workers.
fn simulation(seed: u64, work: Work) -> Simulation {
    let mut simulation = unlimited(seed, work);
    simulation.workers(WORKERS);
    simulation
}

/// Returns a simulation of the default algorithm and a service without a bottleneck.
fn unlimited(seed: u64, work: Work) -> Simulation {
    Simulation::new(gradient(), seed, work)
}

/// Returns the seeds of a test: one, or those of `SEEDS`, as in `SEEDS=30`, for a longer run by hand.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    1..=seeds.unwrap_or(1)
}

/// Returns the largest p99 under overload, as a multiple of that without load.
const fn p99_bar(work: Work) -> f64 {
    if matches!(work, Work::Exponential(_)) { 1.5 } else { 2.0 }
}
