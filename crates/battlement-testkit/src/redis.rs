//! A real `redis-server` that a test owns: it can be killed, stopped and restarted.

mod authority;
mod cluster;
mod error;
mod launch;
mod ping;
mod port;
mod process;
mod replica;

use std::{path::Path, time::Duration};

use redis::{Client, FromRedisValue, RedisResult};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub use self::{authority::Authority, cluster::RedisCluster, error::StartError};
use self::{launch::Launch, process::Process};

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
    /// For TLS, or for the members of a cluster among themselves.
    second: Option<u16>,
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
        Self::launch(Launch::new(args)?).await
    }

    /// Starts a server that also speaks TLS, at [`tls_url`](Self::tls_url), with a certificate by `authority`.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start); or if this `redis-server` was built without TLS.
    pub async fn start_tls(authority: &Authority) -> Result<Self, StartError> {
        Self::launch(Launch::new(&[])?.tls(authority)?).await
    }

    async fn launch(launch: Launch) -> Result<Self, StartError> {
        for _ in 0..PORTS {
            let ports = launch.ports()?;
            match run(ports.first, &ports.args, launch.dir()).await {
                Err(StartError::PortTaken) => {}
                started => {
                    let (process, dir) = (started?, launch.dir);
                    let (port, second, args) = (ports.first, ports.second, ports.args);
                    return Ok(Self { port, second, args, process, dir });
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

    /// The URL for clients that speak TLS.
    ///
    /// # Panics
    ///
    /// If it was not started with TLS.
    #[must_use]
    pub fn tls_url(&self) -> String {
        let tls = self.args.iter().any(|arg| arg == "--tls-port");
        let port = self.second.filter(|_| tls).expect("a server started by `start_tls`");
        format!("rediss://localhost:{port}/")
    }

    /// Sends one command over a connection of its own, as `["CLIENT", "PAUSE", "100"]`.
    ///
    /// # Errors
    ///
    /// If the server is not there, refuses the command, or answers something else.
    pub async fn ask<T: FromRedisValue>(&self, command: &[&str]) -> RedisResult<T> {
        let client = Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await
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
