//! Runs named parts in sequence, continues after failures, and prints a summary table.

use std::time::{Duration, Instant};

use crate::Fallible;

#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    elapsed: Duration,
    outcome: Fallible,
}

impl Report {
    /// Runs one part and records its outcome, so that one run shows all failures.
    pub(crate) fn run(&mut self, name: &'static str, work: impl FnOnce() -> Fallible) {
        println!("\n=== {name}");
        let start = now();
        let outcome = work();
        if let Err(error) = &outcome {
            println!("{name}: {error}");
        }
        self.lines.push(Line { name, elapsed: start.elapsed(), outcome });
    }

    /// Prints the table; returns an error if a part failed.
    pub(crate) fn finish(self) -> Fallible {
        println!();
        for line in &self.lines {
            let status = if line.outcome.is_ok() { "ok" } else { "FAILED" };
            println!("{:<10} {:>7.1} s  {status}", line.name, line.elapsed.as_secs_f64());
        }
        let failures: Vec<_> = self.lines.iter().filter_map(Line::failure).collect();
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
    }
}

impl Line {
    fn failure(&self) -> Option<String> {
        self.outcome.as_ref().err().map(|error| format!("{}: {error}", self.name))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no runtime whose clock a test could pause"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_run_and_all_failures_are_reported() {
        let mut report = Report::default();
        report.run("first", || Err("broken".into()));
        report.run("second", || Ok(()));
        report.run("third", || Err("invalid".into()));
        let error = report.finish().expect_err("two parts failed").to_string();
        assert_eq!(error, "first: broken\nthird: invalid");
    }
}
