//! A real `redis-server` for a test, which can kill, pause and restart it.

mod cluster;
mod error;
mod launch;
mod ping;
mod port;
mod process;
mod replica;
mod tls;

use std::{path::Path, time::Duration};

use redis::{Client, FromRedisValue, RedisResult};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub use self::{cluster::RedisCluster, error::StartError};
use self::{launch::Launch, tls::Clients};
pub use crate::certificates::CertificateAuthority;
use crate::process::{Process, Signal};

/// The maximum time until a server answers its first `PING`.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const PING_INTERVAL: Duration = Duration::from_millis(5);
/// The number of ports to try, because another process may bind a free port before the server does.
const MAX_ATTEMPTS: usize = 20;

/// A `redis-server` on a free loopback port, without persistence.
///
/// Dropping this value kills the server, and so does the death of the test process.
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
    /// The TLS port or the cluster bus port.
    second: Option<u16>,
    args: Vec<String>,
    process: Process,
    dir: TempDir,
}

impl Redis {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    ///
    /// Returns an error if `redis-server` is not installed, which must fail a test rather than skip it, or if the
    /// server does not answer in time.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(&[]).await
    }

    /// Starts a server with additional arguments, for example `["--maxmemory", "1mb"]`.
    ///
    /// # Errors
    ///
    /// Returns an error in the cases of [`start`](Self::start), or if the server rejects `args`.
    pub async fn start_with(args: &[&str]) -> Result<Self, StartError> {
        Self::launch(Launch::new(args)?).await
    }

    /// Starts a server that also accepts TLS connections at [`tls_url`](Self::tls_url), with a certificate issued by
    /// `authority`.
    ///
    /// # Errors
    ///
    /// Returns an error in the cases of [`start`](Self::start), or if `redis-server` was built without TLS.
    pub async fn start_tls(authority: &CertificateAuthority) -> Result<Self, StartError> {
        Self::launch(Launch::new(&[])?.tls(authority, Clients::Any)?).await
    }

    /// Starts a server as [`start_tls`](Self::start_tls) does that accepts only TLS clients with a certificate issued by
    /// `authority`.
    ///
    /// # Errors
    ///
    /// Returns an error in the cases of [`start_tls`](Self::start_tls).
    pub async fn start_mutual_tls(authority: &CertificateAuthority) -> Result<Self, StartError> {
        Self::launch(Launch::new(&[])?.tls(authority, Clients::WithCertificate)?).await
    }

    async fn launch(launch: Launch) -> Result<Self, StartError> {
        for _ in 0..MAX_ATTEMPTS {
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

    /// Returns the port of the server, which restarts do not change.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Returns the URL for clients that use TLS.
    ///
    /// # Panics
    ///
    /// Panics if the server was not started by [`start_tls`](Self::start_tls).
    #[must_use]
    pub fn tls_url(&self) -> String {
        let tls = self.args.iter().any(|arg| arg == "--tls-port");
        let port = self.second.filter(|_| tls).expect("the server was not started by `start_tls`");
        format!("rediss://localhost:{port}/")
    }

    /// Sends one command over a new connection, for example `["CLIENT", "PAUSE", "100"]`.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is unreachable, rejects the command, or replies with a value of another type.
    pub async fn query<T: FromRedisValue>(&self, command: &[&str]) -> RedisResult<T> {
        let client = Client::open(self.url())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await
    }

    /// Pauses the process (SIGSTOP): connections stay open, and commands get no reply.
    pub fn pause(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Resumes a paused process (SIGCONT).
    pub fn resume(&mut self) {
        self.process.signal(Signal::CONT);
    }

    /// Kills the process (SIGKILL) and waits for its exit; later connections are refused.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills the process if it is running, and starts an empty server on the same port.
    ///
    /// # Errors
    ///
    /// Returns an error in the cases of [`start`](Self::start).
    pub async fn restart(&mut self) -> Result<(), StartError> {
        self.kill();
        self.process = run(self.port, &self.args, self.dir.path()).await?;
        Ok(())
    }
}

async fn run(port: u16, args: &[String], dir: &Path) -> Result<Process, StartError> {
    let mut process = process::start(port, args, dir)?;
    let deadline = Instant::now() + START_TIMEOUT;
    while Instant::now() < deadline {
        if let Some(error) = process::failure(&mut process).await {
            return Err(error);
        }
        // Another server may have bound the port in the meantime and answer there.
        if ping::process_id(port).await == Some(process.id()) {
            return Ok(process);
        }
        sleep(PING_INTERVAL).await;
    }
    Err(StartError::TimedOut)
}
