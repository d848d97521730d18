use std::process::Command;

use super::{feed, said};
use crate::python;

/// The strict OpenMetrics parser of Prometheus' Python library.
#[derive(Clone, Copy, Debug)]
pub struct OpenMetrics;

const PARSER: &str = "prometheus_client==0.26.0";

/// A line that separates pages, and the results for them. Neither contains such a line.
const NEXT: &str = "\u{1e}\n";

/// A Python program that reads bytes: in text mode, Python treats a carriage return as the end of a line.
const READ: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
for page in sys.stdin.buffer.read().decode().split('\\x1e\\n'):
    try:
        said = ''.join('%s %s\\n' % (family.name, family.type) for family in read(page))
        said = 'ok ' + said
    except Exception as error:
        said = 'no %r: %s' % (error, page)
    sys.stdout.buffer.write((said + '\\x1e\\n').encode())
";

impl OpenMetrics {
    /// Returns the names and types of the metrics of each page, a line each, or why the parser rejects the page. One
    /// process reads all of them.
    ///
    /// # Panics
    ///
    /// If the parser cannot be installed by `python3` and `pip`.
    #[must_use]
    pub fn read(pages: &[&str]) -> Vec<Result<String, String>> {
        let mut python = Command::new(python::with("openmetrics-parser", &[PARSER]));
        python.args(["-c", READ]);
        let output = feed(&mut python, &pages.join(NEXT), "the environment has no python");
        assert!(output.status.success(), "{}", said(&output));
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let answers: Vec<_> = output.split_terminator(NEXT).map(answer).collect();
        assert_eq!(answers.len(), pages.len(), "{output}");
        answers
    }
}

fn answer(said: &str) -> Result<String, String> {
    match said.split_once(' ') {
        Some(("ok", families)) => Ok(families.to_owned()),
        _ => Err(said.to_owned()),
    }
}
