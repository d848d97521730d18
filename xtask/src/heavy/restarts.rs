//! Restarts services under load, and fails if a request is lost.

use crate::args::Heavy;
use crate::step::Step;
use crate::{Fallible, install, tool};

pub(super) fn run(options: &Heavy) -> Fallible {
    install::require(tool::FOR_RESTARTS, options.install)?;
    Step::parse(
        "cargo build --release --package storefront --package payments --package inventory",
    )
    .run()?;
    // The first examples of the pages of two crates.
    Step::parse("cargo build --release --package battlement-shutdown --example axum").run()?;
    Step::parse("cargo build --release --package battlement-serve --example serve").run()?;
    Step::parse("cargo run --release --package battlement-tests --example restarts --")
        .args([options.times.to_string()])
        .run()
}
