//! Counts the allocations of the cases of a layer.

use std::alloc::System;

use battlement_benches::{Fallible, print_allocations};
use battlement_peers::SUITES;
use stats_alloc::StatsAlloc;

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

fn main() -> Fallible {
    print_allocations(SUITES, &ALLOCATOR)
}
