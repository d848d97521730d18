//! Programs that read pages, as processes.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What `promtool check metrics` has to say of a page in the text format: nothing, if all is well.
pub(crate) fn promtool(page: &str) -> String {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]);
    let output = feed(&mut promtool, page, "promtool is missing: apt install prometheus");
    said(&output)
}

/// What the strict parser of Prometheus' Python library says of a page in OpenMetrics: the names and types
/// of its metrics, a line each.
pub(crate) fn python(page: &str) -> String {
    const READ: &str = "import sys\n\
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n\
        for family in read(sys.stdin.read()): print(family.name, family.type)\n";
    let mut python = Command::new(environment().join("bin/python"));
    python.args(["-c", READ]);
    let output = feed(&mut python, page, "the environment has no python");
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// A Python environment with the parser in it, made once.
fn environment() -> PathBuf {
    const VERSION: &str = "prometheus_client==0.26.0";
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openmetrics-parser");
    let is_made = place.join("made");
    if !is_made.exists() {
        let missing = "python3 with venv is missing: apt install python3-venv";
        run(Command::new("python3").args(["-m", "venv"]).arg(&place), missing);
        let mut pip = Command::new(place.join("bin/python"));
        run(pip.args(["-m", "pip", "install", "--quiet", VERSION]), "pip could not install it");
        std::fs::write(is_made, VERSION).unwrap();
    }
    place
}

fn run(command: &mut Command, missing: &str) {
    let output = command.output().expect(missing);
    assert!(output.status.success(), "{missing}: {}", said(&output));
}

fn feed(command: &mut Command, page: &str, missing: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect(missing);
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}
