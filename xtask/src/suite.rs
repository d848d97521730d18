//! `cargo xtask test`: checks for the required servers, then runs every test and every doctest.

use crate::args::Test;
use crate::step::Step;
use crate::{Fallible, install, tool};

pub(crate) fn run(options: &Test) -> Fallible {
    install::require(tool::FOR_TESTS, options.install)?;
    run_tests(&options.runner_args)?;
    if options.runner_args.is_empty() {
        Step::parse("cargo test --workspace --all-features --doc").run()?;
    }
    Ok(())
}

/// Runs the test suite once, and passes `runner_args` to the test runner.
pub(crate) fn run_tests(runner_args: &[String]) -> Fallible {
    if tool::has_nextest() {
        Step::parse("cargo nextest run --workspace --all-features").args(runner_args).run()
    } else {
        run_cargo_test(runner_args)
    }
}

/// Runs the suite with `cargo test`, which has no test groups: the tests that nextest runs alone
/// (`.config/nextest.toml`) get a second run on one thread.
fn run_cargo_test(runner_args: &[String]) -> Fallible {
    println!("cargo-nextest is not installed: using cargo test, which cannot stop a hung test");
    cargo_test(runner_args, &["--skip", "alone::"])?;
    cargo_test(runner_args, &["alone::", "--test-threads=1"])
}

fn cargo_test(runner_args: &[String], harness_args: &[&str]) -> Fallible {
    let has_separator = runner_args.iter().any(|arg| arg == "--");
    let separator = if has_separator { None } else { Some("--") };
    Step::parse("cargo test --workspace --all-features --lib --bins --tests --no-fail-fast")
        .args(runner_args)
        .args(separator)
        .args(harness_args)
        .run()
}
