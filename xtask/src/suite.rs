//! `cargo xtask test`: the servers, every test, every doctest.

use crate::args::Test;
use crate::step::Step;
use crate::{Fallible, install, tool};

pub(crate) fn run(options: &Test) -> Fallible {
    install::require(tool::FOR_TESTS, options.install)?;
    tests(&options.runner)?;
    if options.runner.is_empty() {
        Step::words("cargo test --workspace --all-features --doc").run()?;
    }
    Ok(())
}

/// Runs the suite once, with `runner` added to the runner's arguments.
pub(crate) fn tests(runner: &[String]) -> Fallible {
    if tool::has_nextest() {
        Step::words("cargo nextest run --workspace --all-features").args(runner).run()
    } else {
        by_cargo_test(runner)
    }
}

/// cargo test knows no groups, so what nextest runs alone (`.config/nextest.toml`) gets a round
/// of its own, one at a time.
fn by_cargo_test(runner: &[String]) -> Fallible {
    println!("cargo-nextest is not here: cargo test runs the suite, and cannot end a hung test");
    cargo_test(runner, &["--skip", "alone::"])?;
    cargo_test(runner, &["alone::", "--test-threads=1"])
}

fn cargo_test(runner: &[String], harness: &[&str]) -> Fallible {
    let has_own_harness_part = runner.iter().any(|word| word == "--");
    let divider = if has_own_harness_part { None } else { Some("--") };
    Step::words("cargo test --workspace --all-features --lib --bins --tests --no-fail-fast")
        .args(runner)
        .args(divider)
        .args(harness)
        .run()
}
