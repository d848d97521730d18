//! Times the cases and counts their instructions; has `allocations` count the rest.

use battlement_benches::run;
use battlement_peers::SUITES;

fn main() -> anyhow::Result<()> {
    run(SUITES)
}
