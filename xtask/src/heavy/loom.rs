//! Runs the loom models of lock-free code, which explore all thread interleavings.
//!
//! The crates use the cfg `battlement_loom` because `--cfg loom` disables tokio's `net` module. With that cfg,
//! only the models are compiled.

use crate::Fallible;
use crate::step::Step;

/// The crates with models.
const CRATES: &[&str] = &[
    "battlement-access-log",
    "battlement-circuit-breaker",
    "battlement-concurrency-limit",
    "battlement-core",
    "battlement-health",
    "battlement-metrics",
    "battlement-retry",
    "battlement-serve",
    "battlement-shutdown",
];

pub(super) fn run() -> Fallible {
    for name in CRATES {
        Step::parse("cargo test --release --lib --package")
            .args([name, "--target-dir", "target/loom", "model::"])
            .env("RUSTFLAGS", "--cfg battlement_loom")
            .run()?;
    }
    Ok(())
}
