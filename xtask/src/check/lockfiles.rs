//! Checks that each lockfile has the dependencies of its workspace.
//!
//! No other check builds the fuzz packages, which depend on crates of the main workspace. A new dependency of one of
//! these crates leaves the lockfiles of the fuzz packages outdated.

use super::format::workspace_manifests;
use crate::Fallible;
use crate::step::Step;

pub(super) fn check() -> Fallible {
    let mut failures = Vec::new();
    for manifest in workspace_manifests()? {
        let step = Step::parse("cargo update --workspace --locked --quiet --manifest-path");
        if step.args([&manifest]).run().is_err() {
            failures.push(format!(
                "outdated lockfile: run `cargo update --workspace --manifest-path {manifest}`"
            ));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}
