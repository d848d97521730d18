//! Runs named parts one after the other, all of them, and closes with a table.

use std::time::{Duration, Instant};

use crate::Fallible;

#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

struct Line {
    name: &'static str,
    took: Duration,
    outcome: Fallible,
}

impl Report {
    /// Runs one part. A failure is kept, so that one run shows every failure there is.
    pub(crate) fn part(&mut self, name: &'static str, work: impl FnOnce() -> Fallible) {
        println!("\n=== {name}");
        let start = now();
        let outcome = work();
        if let Err(error) = &outcome {
            println!("{name}: {error}");
        }
        self.lines.push(Line { name, took: start.elapsed(), outcome });
    }

    /// Prints the table; an error if any part failed.
    pub(crate) fn close(self) -> Fallible {
        println!();
        for line in &self.lines {
            let word = if line.outcome.is_ok() { "ok" } else { "FAILED" };
            println!("{:<10} {:>7.1} s  {word}", line.name, line.took.as_secs_f64());
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

#[expect(clippy::disallowed_methods, reason = "no runtime here whose clock a test could pause")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_runs_and_every_failure_is_named() {
        let mut report = Report::default();
        report.part("first", || Err("broken".into()));
        report.part("second", || Ok(()));
        report.part("third", || Err("torn".into()));
        let error = report.close().expect_err("two parts failed").to_string();
        assert_eq!(error, "first: broken\nthird: torn");
    }
}
