//! A running storefront.

use std::{net::SocketAddr, process::Command};

use battlement_testkit::process::Process;

use crate::DEADLINE;

pub(crate) struct Shop {
    process: Process,
    pub(crate) addr: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Shop {
    /// Starts a shop on free ports with at most this number of descriptors.
    pub(crate) async fn start(descriptors: u32) -> Self {
        let program = env!("CARGO_BIN_EXE_health_storefront");
        let script = format!("ulimit -n {descriptors}; exec {program}");
        let mut command = Command::new("/bin/sh");
        command.env_clear().args(["-c", &script]);
        command.env("RUST_LOG", "error,storefront=info").env("STOREFRONT_LOG", "text");
        command.env("STOREFRONT_ADDR", "127.0.0.1:0").env("STOREFRONT_ADMIN_ADDR", "127.0.0.1:0");
        // All clients of these tests have one address.
        command.env("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "1000000");
        command.env("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1000000");
        // The limits under test are those of the server.
        command.env("STOREFRONT_CONCURRENCY", "off");
        let process = Process::start(&mut command).unwrap();
        let line = process.line("metrics are at http://", DEADLINE).await.unwrap();
        let admin = address(line.trim_end_matches("/metrics"));
        let line = process.line("storefront listens on http://", DEADLINE).await.unwrap();
        let addr = address(&line);
        Self { process, addr, admin }
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }
}

fn address(line: &str) -> SocketAddr {
    line.rsplit_once("http://").unwrap().1.parse().unwrap()
}

/// Sends a GET request with curl, and returns the status; 0 if there was no answer within this number of seconds.
pub(crate) async fn curl(addr: SocketAddr, path: &str, within: u32) -> u16 {
    let (url, within) = (format!("http://{addr}{path}"), within.to_string());
    let answer = tokio::task::spawn_blocking(move || {
        let arguments = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"];
        Command::new("curl").args(arguments).args(["--max-time", &within, &url]).output().unwrap()
    });
    String::from_utf8(answer.await.unwrap().stdout).unwrap().parse().unwrap()
}
