use std::{
    os::fd::OwnedFd,
    process::{Command, Stdio},
    time::Duration,
};

use battlement_testkit::process::{Process, Signal};
use tokio::time::Instant;

use crate::{
    front::Front,
    liveness::Liveness,
    ports::Slot,
    service::{Addresses, Service},
};

/// Longer than the budget of a shutdown, so that a process that exceeds it is measured.
const PATIENCE: Duration = Duration::from_secs(60);

/// Passes standard input on as systemd passes a listener: as the first descriptor after those of every program, with
/// the id of the process, which only that process knows.
const PASS_LISTENER: &str =
    "LISTEN_FDS=1 LISTEN_FDNAMES=public LISTEN_PID=$$ exec \"$0\" \"$@\" 3<&0 </dev/null";

/// A process of a service.
#[derive(Debug)]
pub(crate) struct Instance {
    process: Process,
    pub(crate) slot: Slot,
    has_liveness: bool,
}

/// The end of a process.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) code: Option<i32>,
    /// The time since SIGTERM.
    pub(crate) took: Duration,
    pub(crate) at: Instant,
    /// The number of requests that the process has answered in full, from its report.
    pub(crate) answered: Option<u64>,
    /// The answers of `/livez` since SIGTERM, if the service has it.
    pub(crate) liveness: Option<Liveness>,
    pub(crate) log: String,
}

impl Instance {
    pub(crate) fn start(service: &Service, front: &Front, slot: Slot) -> Self {
        let listener = front.listener();
        let mut command = Command::new(&service.program);
        if listener.is_some() {
            command = Command::new("sh");
            command.args(["-c", PASS_LISTENER]).arg(&service.program);
        }
        command.args(service.arguments).env_clear().envs(service.settings.iter().copied());
        match service.addresses {
            Addresses::Variables(prefix) => command
                .env(format!("{prefix}_ADDR"), slot.addr.to_string())
                .env(format!("{prefix}_ADMIN_ADDR"), slot.admin.to_string()),
            Addresses::Argument => command.arg(slot.addr.to_string()),
        };
        let program = service.program.display();
        let stdin = listener.map_or_else(Stdio::null, |listener| OwnedFd::from(listener).into());
        let process = Process::start_with_stdin(&mut command, stdin).unwrap_or_else(|error| {
            panic!("cannot start {program}: {error}; `cargo xtask heavy restarts` builds it")
        });
        Self { process, slot, has_liveness: service.has_liveness }
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Stops the process by SIGTERM, and waits for its exit.
    pub(crate) async fn stop(mut self) -> Exit {
        let start = Instant::now();
        let polls = self.has_liveness.then(|| Liveness::poll(self.slot.admin));
        self.process.signal(Signal::TERM);
        let code = self.process.exited(PATIENCE).await.ok().and_then(|status| status.code());
        let (at, log) = (Instant::now(), self.process.log());
        let liveness = match polls {
            Some(polls) => Some(polls.await.unwrap()),
            None => None,
        };
        Exit { code, took: at - start, at, answered: answered(&log), liveness, log }
    }
}

/// Returns the number in the line of the report, which says `; 7 requests answered`.
fn answered(log: &str) -> Option<u64> {
    let (before, _) = log.rsplit_once(" answered")?;
    let (before, noun) = before.rsplit_once(' ')?;
    let number = before.rsplit_once(' ')?.1;
    noun.starts_with("request").then(|| number.parse().ok())?
}
