//! Times the cases and counts their instructions; has `allocations` count the rest.

use battlement_benches::{Fallible, run};
use battlement_peers::SUITES;

fn main() -> Fallible {
    run(SUITES)
}
