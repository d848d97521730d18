use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Fallible;
use crate::step::Step;
use crate::workspace::Workspace;

const NAME: &str = "trace_context_service";

/// A running service; it is stopped when this value is dropped.
pub(super) struct Service {
    process: Child,
    url: String,
}

impl Service {
    pub(super) fn build() -> Fallible {
        Step::parse("cargo build -p battlement-tests --example").args([NAME]).run()
    }

    /// Starts the service on a free port, with the layers in `mode`.
    pub(super) fn start(mode: &str) -> Fallible<Self> {
        let program = Workspace::read()?.target_directory.join("debug/examples").join(NAME);
        let mut process = Command::new(&program)
            .arg(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", program.display()))?;
        let mut url = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        let service = Self { process, url: url.trim().to_owned() };
        if service.url.is_empty() {
            return Err(format!("`{NAME} {mode}` ended before it listened on a port").into());
        }
        Ok(service)
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the address and port of the URL.
    pub(super) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // An error means that the process has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
