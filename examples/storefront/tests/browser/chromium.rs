//! A visit of one page by a browser with an empty profile.

use std::{net::SocketAddr, process::Command};

/// The name of Debian's package without a screen, and the usual names elsewhere.
const NAMES: [&str; 4] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// Flags for a closed network, a container and a run that leaves no files behind.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    // Virtual time stops while the page loads and runs while it is idle, so this is not a delay.
    "--virtual-time-budget=10000",
];

#[derive(Debug)]
pub struct Visit {
    /// The page after its scripts have run.
    pub page: String,
    console: Vec<String>,
}

impl Visit {
    /// Returns the violations of the policy that the browser reports.
    pub fn violations(&self) -> Vec<&str> {
        let lines = self.console.iter().map(String::as_str);
        lines.filter(|line| line.contains("Content Security Policy")).collect()
    }
}

fn browser() -> &'static str {
    let exists = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    NAMES
        .into_iter()
        .find(exists)
        .expect("Chromium is missing: apt-get install chromium-headless-shell")
}

pub fn visit(addr: SocketAddr) -> Visit {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser())
        .args(FLAGS)
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("http://{addr}/"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    let console = stderr.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned);
    Visit { page: String::from_utf8_lossy(&output.stdout).into_owned(), console: console.collect() }
}
