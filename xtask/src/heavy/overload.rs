//! Loads servers with three times their capacity, with and without a limit.
//!
//! The job is a program of the benchmark peers, since it compares our limits with those of other crates. A whole run
//! draws `docs/images/overload.svg`, as does `--case no-limit,gradient2,ours-adaptive`. On a machine with other load, start
//! it with real-time priority, which the load generator and the servers inherit: `chrt --fifo 10 cargo xtask heavy
//! overload`.

use crate::Fallible;
use crate::args::Heavy;
use crate::step::Step;

pub(super) fn run(options: &Heavy) -> Fallible {
    Step::parse("cargo run --release --locked --manifest-path benches/peers/Cargo.toml")
        .args(["--target-dir", "target/peers", "--bin", "overload", "--"])
        .args(options.case.iter().flat_map(|case| ["--case", case.as_str()]))
        .run()
}
