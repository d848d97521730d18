//! Runs the test suite repeatedly: a test that fails once in ten runs is a bug in the test or in the code.

use crate::args::Heavy;
use crate::{Fallible, install, suite, tool};

pub(super) fn run(options: &Heavy) -> Fallible {
    install::require(tool::FOR_TESTS, options.install)?;
    let runs = 1..=options.times;
    let failed: Vec<_> = runs
        .inspect(|run| println!("\nrun {run} of {}", options.times))
        .filter(|_| suite::run_tests(&[]).is_err())
        .map(|run| run.to_string())
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("{} of {} runs failed: {}", failed.len(), options.times, failed.join(", ")).into())
}
