//! The benches' peers. They are no part of the workspace, so that no other check would notice
//! when a change here breaks the comparison, or leaves their lockfile behind.

use crate::Fallible;
use crate::step::Step;
use crate::workspace::Workspace;

pub(super) fn check() -> Fallible {
    // Our own target folder: most of what peers build on is there already.
    let target = Workspace::read()?.target_directory;
    Step::words("cargo clippy --locked --manifest-path benches/peers/Cargo.toml --target-dir")
        .args([&target])
        .args(["--all-targets", "--", "-D", "warnings"])
        .run()
        .map_err(|error| {
            format!("{error}; `cargo check --manifest-path benches/peers/Cargo.toml` renews the lockfile")
                .into()
        })
}
