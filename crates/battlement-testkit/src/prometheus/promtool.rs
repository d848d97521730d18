use std::process::Command;

use super::{feed, said};

/// The program `promtool`, which comes with Prometheus.
#[derive(Clone, Copy, Debug)]
pub struct Promtool;

/// The exit code for a page that was read, and about whose names or texts there are remarks.
const LINT: i32 = 3;

impl Promtool {
    /// Returns the remarks of `promtool check metrics` about a page in the text format.
    ///
    /// # Errors
    ///
    /// Returns the message of `promtool`, if it cannot read the page.
    ///
    /// # Panics
    ///
    /// If the program is missing.
    pub fn check(page: &str) -> Result<String, String> {
        let mut promtool = Command::new("promtool");
        promtool.args(["check", "metrics"]);
        let output = feed(&mut promtool, page, "promtool is missing: apt install prometheus");
        match output.status.code() {
            Some(0 | LINT) => Ok(said(&output)),
            _ => Err(said(&output)),
        }
    }
}
