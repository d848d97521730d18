use std::{
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use battlement_testkit::{
    client,
    process::{Process, Signal},
};

/// The longest time for a step, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running service.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) app: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Whether the service speaks HTTP/2 alone, as tonic does.
    http2: bool,
}

/// A connection that sends requests.
#[derive(Debug)]
pub(crate) enum Client {
    Http1(client::Http1),
    Http2(client::Http2),
}

/// The end of a service.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// The report, without its prefix.
    pub(crate) report: String,
    pub(crate) log: String,
    /// The time from the last signal to the exit.
    pub(crate) after: Duration,
}

/// Returns the command of a service with `options`, on one worker thread.
pub(crate) fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shutdown_service"));
    command.args(options).env_remove("KUBERNETES_SERVICE_HOST").env_remove("NOTIFY_SOCKET");
    command.env("TOKIO_WORKER_THREADS", "1");
    command
}

impl Running {
    pub(crate) async fn start(options: &[&str]) -> Self {
        Self::of(&mut command(options)).await
    }

    /// Starts `command` and waits until it listens.
    pub(crate) async fn of(command: &mut Command) -> Self {
        let process = Process::start(command).unwrap();
        let app = address(&process, "app ").await;
        let admin = address(&process, "admin ").await;
        let http2 = command.get_args().any(|option| option == "server=tonic");
        Self { process, app, admin, http2 }
    }

    pub(crate) async fn line(&self, part: &str) -> String {
        self.process.line(part, PATIENCE).await.unwrap()
    }

    pub(crate) async fn connect(&self) -> Client {
        if self.http2 {
            Client::Http2(client::Http2::connect(self.app).await.unwrap())
        } else {
            Client::Http1(client::Http1::connect(self.app).await.unwrap())
        }
    }

    /// Sends a GET request on a connection of its own, and returns the status and the body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.connect().await.get(path).await
    }

    /// Asks the service to end, and waits for its exit.
    pub(crate) async fn terminate(self) -> Ended {
        self.end(&[Signal::TERM]).await
    }

    /// Sends the first signal, each further one after the shutdown has started, and waits for the exit.
    pub(crate) async fn end(mut self, signals: &[Signal]) -> Ended {
        for (index, signal) in signals.iter().enumerate() {
            if index > 0 {
                self.line("shutdown started").await;
            }
            self.process.signal(*signal);
        }
        exited(&mut self.process).await
    }
}

/// Waits for the exit of a process that ends.
pub(crate) async fn exited(process: &mut Process) -> Ended {
    #[allow(clippy::disallowed_methods, reason = "another process has the time of the system")]
    let start = Instant::now();
    let status = process.exited(PATIENCE).await.unwrap();
    let (after, log) = (start.elapsed(), process.log());
    Ended { code: status.code(), report: report(&log), log, after }
}

fn report(log: &str) -> String {
    let lines: Vec<_> = log
        .lines()
        .filter_map(|line| {
            Some(
                line.split_once("shutdown complete: ")
                    .or(line.split_once("shutdown incomplete: "))?
                    .1,
            )
        })
        .collect();
    assert_eq!(lines.len(), 1, "the report is logged once:\n{log}");
    lines[0].to_owned()
}

async fn address(process: &Process, part: &str) -> SocketAddr {
    let line = process.line(part, PATIENCE).await.unwrap();
    line.trim_start_matches(part).parse().unwrap()
}

impl Client {
    /// Sends a GET request, and returns the status and the body.
    pub(crate) async fn get(&mut self, path: &str) -> (u16, String) {
        let response = match self {
            Self::Http1(client) => client.get(path).await,
            Self::Http2(client) => client.get(path).await,
        };
        let response = response.unwrap();
        (response.status.as_u16(), String::from_utf8_lossy(&response.body).into_owned())
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(client) => client.is_closed(),
            Self::Http2(client) => client.is_closed(),
        }
    }
}

impl Ended {
    /// Asserts that the report has each of `parts`, in this order.
    pub(crate) fn reports(&self, parts: &[&str]) {
        let mut rest = &*self.report;
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("the report lacks {part:?}: {}\n{}", self.report, self.log)
            };
            rest = after;
        }
    }
}
