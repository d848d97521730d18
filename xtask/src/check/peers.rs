//! Lints the package of benchmark peers.
//!
//! The package is not a workspace member, so no other check detects a change that breaks the
//! comparison or leaves its lockfile outdated.

use crate::Fallible;
use crate::step::Step;
use crate::workspace::Workspace;

pub(super) fn check() -> Fallible {
    // The workspace's target directory already contains most dependencies of the peers.
    let target = Workspace::read()?.target_directory;
    Step::parse("cargo clippy --locked --manifest-path benches/peers/Cargo.toml --target-dir")
        .args([&target])
        .args(["--all-targets", "--", "-D", "warnings"])
        .run()
        .map_err(|error| {
            format!("{error}; if the lockfile is outdated, update it with `cargo check --manifest-path benches/peers/Cargo.toml`")
                .into()
        })
}
