use std::{
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::{Command, ExitStatus},
    time::Duration,
};

use battlement_testkit::{
    client::Http1,
    process::{Process, Signal},
};

/// The longest time for a step, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program.
pub(crate) const SERVICE: &str = env!("CARGO_BIN_EXE_serve_service");

/// Passes standard input on as descriptor 3.
const PASS_LISTENER: &str =
    "LISTEN_FDS=1 LISTEN_FDNAMES=public LISTEN_PID=$$ exec \"$0\" \"$@\" 3<&0 </dev/null";

/// A service in a process of its own.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) app: SocketAddr,
}

impl Running {
    /// Starts the service with `options` after the lines of a shell `script`.
    pub(crate) async fn after(script: &str, options: &[&str]) -> Self {
        let script = format!("{script}\nexec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, SERVICE]).args(options);
        Self::of(Process::start(&mut command).unwrap()).await
    }

    /// Starts the service with a listener that its parent passes.
    pub(crate) async fn with(listener: &TcpListener) -> Self {
        let process = start_with(listener.try_clone().unwrap().into());
        Self::of(process).await
    }

    async fn of(process: Process) -> Self {
        let app = address(&process, "app ").await;
        Self { process, app }
    }

    pub(crate) async fn admin(&self) -> SocketAddr {
        address(&self.process, "admin ").await
    }

    /// Asks the service to end, and waits for its exit.
    pub(crate) async fn terminate(mut self) -> ExitStatus {
        self.process.signal(Signal::TERM);
        self.process.exited(PATIENCE).await.unwrap()
    }
}

/// Starts the service with a descriptor that its parent passes as a listener.
pub(crate) fn start_with(fd: OwnedFd) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", PASS_LISTENER, SERVICE, "listen=env"]);
    Process::start_with_stdin(&mut command, fd).unwrap()
}

async fn address(process: &Process, part: &str) -> SocketAddr {
    let line = process.line(part, PATIENCE).await.unwrap();
    line.trim_start_matches(part).parse().unwrap()
}

/// Sends a GET request on a connection of its own, and returns the body.
pub(crate) async fn get(addr: SocketAddr) -> String {
    Http1::connect(addr).await.unwrap().get("/").await.unwrap().text()
}
