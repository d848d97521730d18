//! A real `redis-server` that a test owns: it can be killed, stopped and restarted.

mod error;
mod ping;
mod port;
mod process;

use std::{path::Path, time::Duration};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub use self::error::StartError;
use self::process::Process;

/// How long a server may take to answer its first `PING`.
const START: Duration = Duration::from_secs(20);
const BETWEEN_PINGS: Duration = Duration::from_millis(5);
/// How many ports are tried, should others take them between the choice and the start.
const PORTS: usize = 20;

/// A `redis-server` of the test's own, on a free loopback port, with nothing kept on disk.
///
/// It is killed when this value is dropped.
///
/// # Example
///
/// ```
/// use battlement_testkit::redis::Redis;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), battlement_testkit::redis::StartError> {
/// let mut redis = Redis::start().await?;
/// println!("listening on {}", redis.url());
///
/// redis.kill();
/// redis.restart().await?; // empty, on the same port
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Redis {
    port: u16,
    args: Vec<String>,
    process: Process,
    dir: TempDir,
}

impl Redis {
    /// Starts a server, and waits until it answers.
    ///
    /// # Errors
    ///
    /// If there is no `redis-server`, which is an error and no reason to skip a test; or if it does not
    /// answer in time.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(&[]).await
    }

    /// Starts a server with more arguments, as `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start); or if the server refuses `args`.
    pub async fn start_with(args: &[&str]) -> Result<Self, StartError> {
        let dir = tempfile::tempdir().map_err(StartError::Io)?;
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        for _ in 0..PORTS {
            let port = port::free().map_err(StartError::Io)?;
            match run(port, &args, dir.path()).await {
                Err(StartError::PortTaken) => {}
                started => {
                    let process = started?;
                    return Ok(Self { port, args, process, dir });
                }
            }
        }
        Err(StartError::PortTaken)
    }

    /// The port it listens on, through all restarts.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Stops the process where it is (SIGSTOP): connections stay open, and nothing is answered.
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Lets a stopped process go on (SIGCONT).
    pub fn cont(&mut self) {
        self.process.cont();
    }

    /// Kills the process (SIGKILL), and returns when it is gone; connections are refused from then on.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills the process if it lives, and starts an empty one on the same port.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<(), StartError> {
        self.kill();
        self.process = run(self.port, &self.args, self.dir.path()).await?;
        Ok(())
    }
}

async fn run(port: u16, args: &[String], dir: &Path) -> Result<Process, StartError> {
    let mut process = Process::spawn(port, args, dir)?;
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if let Some(error) = process.failure()? {
            return Err(error);
        }
        // Another server may have taken the port a moment ago, and answers there.
        if ping::answering_process(port).await == Some(process.id()) {
            return Ok(process);
        }
        sleep(BETWEEN_PINGS).await;
    }
    Err(StartError::Silent)
}
