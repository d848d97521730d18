//! Programs that read metrics pages: `promtool`, and the strict OpenMetrics parser of Prometheus' Python library.
//!
//! A missing program fails the test, and so does a page that one of them rejects.
//!
//! # Example
//!
//! ```no_run
//! use battlement_testkit::prometheus::{OpenMetrics, Promtool};
//!
//! let lint = Promtool::check("# HELP up Up.\n# TYPE up gauge\nup 1\n").unwrap();
//! assert_eq!(lint, "");
//! let families = OpenMetrics::read(&["# TYPE up gauge\nup 1\n# EOF\n"]);
//! assert_eq!(families, [Ok("up gauge\n".to_owned())]);
//! ```

mod open_metrics;
mod promtool;

pub use self::{open_metrics::OpenMetrics, promtool::Promtool};

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

/// Runs `command` with `input`, which is written from a thread of its own: the program may answer before it has
/// read everything.
fn feed(command: &mut Command, input: &str, missing: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect(missing);
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        child.wait_with_output()
    })
    .expect(missing)
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}
