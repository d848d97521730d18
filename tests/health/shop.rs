use std::{net::SocketAddr, process::Command, time::Duration};

use battlement_testkit::{
    eventually,
    process::{Process, Signal},
};

use crate::kubelet::{Answer, probe};

/// Longer than any awaited step takes, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running storefront.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) process: Process,
    pub(crate) addr: SocketAddr,
    pub(crate) admin: SocketAddr,
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_health_storefront"));
    command.env_clear().env("RUST_LOG", "info").env("STOREFRONT_LOG", "text");
    command
}

impl Shop {
    /// Starts a shop on free ports, and waits until it listens.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let mut command = command();
        command.env("STOREFRONT_ADDR", "127.0.0.1:0").env("STOREFRONT_ADMIN_ADDR", "127.0.0.1:0");
        let process = Process::start(command.envs(settings.iter().copied())).unwrap();
        let line = process.line("metrics are at http://", PATIENCE).await.unwrap();
        let admin = address(line.trim_end_matches("/metrics"));
        let addr = address(&process.line("storefront listens on http://", PATIENCE).await.unwrap());
        Self { process, addr, admin }
    }

    /// Asks a probe that must be answered.
    pub(crate) fn probe(&self, path: &str) -> Answer {
        probe(self.admin, path).unwrap_or_else(|| panic!("no answer: {}", self.process.log()))
    }

    /// Waits until readiness shows `line`. It is 200 all the time, and so is liveness.
    pub(crate) async fn ready_with(&self, line: &str) {
        let shows = || {
            let (ready, live) = (self.probe("/readyz?verbose"), self.probe("/livez"));
            assert_eq!((ready.status, live.status), (200, 200), "{ready:?} {live:?}");
            ready.body.contains(line)
        };
        assert!(eventually(PATIENCE, shows).await, "{line}: {:?}", self.probe("/readyz?verbose"));
    }

    pub(crate) fn terminate(&mut self) {
        self.process.signal(Signal::TERM);
    }
}

fn address(line: &str) -> SocketAddr {
    line.rsplit_once("http://").unwrap().1.parse().unwrap()
}
