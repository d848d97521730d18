//! Measures the time and the instructions of the cases; runs `allocations` to count allocations.

use battlement_benches::run;
use battlement_peers::SUITES;

fn main() -> anyhow::Result<()> {
    run(SUITES)
}
