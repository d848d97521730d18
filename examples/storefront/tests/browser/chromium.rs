//! One visit of one page by a browser that has seen nothing before.

use std::{net::SocketAddr, process::Command};

/// What Debian calls it without a screen, and what others call it.
const NAMES: [&str; 4] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/// For a closed network, a container and a run that leaves nothing behind.
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
    // Time stands still while the page loads something and runs when it waits, so this is no delay.
    "--virtual-time-budget=10000",
];

#[derive(Debug)]
pub struct Visit {
    /// The page after its scripts have run.
    pub page: String,
    console: Vec<String>,
}

impl Visit {
    /// What the browser says it has stopped.
    pub fn violations(&self) -> Vec<&str> {
        let lines = self.console.iter().map(String::as_str);
        lines.filter(|line| line.contains("Content Security Policy")).collect()
    }
}

fn browser() -> &'static str {
    let there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    NAMES
        .into_iter()
        .find(there)
        .expect("Chromium is needed here: apt-get install chromium-headless-shell")
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
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned);
    Visit { page: String::from_utf8_lossy(&output.stdout).into_owned(), console: console.collect() }
}
