//! Counts the allocations of all cases of a layer.

use std::alloc::System;

use battlement_benches::print_allocations;
use battlement_peers::SUITES;
use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

fn main() -> anyhow::Result<()> {
    print_allocations(SUITES, &ALLOCATOR)
}
