use std::{io, net::SocketAddr, path::Path, time::Duration};

use redis::{Cmd, Value, cmd};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::{Address, Connection, Endpoint, Epoch, clock::EPOCH, tls::Tls};
use crate::{
    fault::{Fault, Unreachable},
    spawn::spawn,
};

/// Makes connections.
#[derive(Debug)]
pub(crate) struct Dial {
    tls: Tls,
    /// The longest time that making one connection may take.
    pub(crate) limit: Duration,
    /// The epoch of this process's clock, which the clocks of servers are compared with.
    epoch: Epoch,
}

impl Dial {
    pub(crate) fn new(tls: Tls, limit: Duration, epoch: Epoch) -> Self {
        Self { tls, limit, epoch }
    }

    /// Connects to a server, and authenticates. `closed` is called when the connection closes, also if authentication
    /// fails.
    pub(super) async fn connect(
        &self,
        endpoint: &Endpoint,
        closed: impl FnOnce() + Send + 'static,
    ) -> Result<Connection, Fault> {
        let end = Instant::now() + self.limit;
        let connection = self.open(endpoint, end, closed).await.map_err(Fault::Unreachable)?;
        let signed_in = timeout_at(end, self.sign_in(endpoint, &connection)).await;
        signed_in.unwrap_or(Err(Fault::Late)).map_err(|fault| cause(&connection, fault))?;
        Ok(connection)
    }

    async fn open(
        &self,
        endpoint: &Endpoint,
        end: Instant,
        closed: impl FnOnce() + Send + 'static,
    ) -> Result<Connection, Unreachable> {
        let late = Unreachable::Timeout;
        let (host, port) = match &endpoint.address {
            Address::Tcp { host, port } => (host, *port),
            Address::Unix(path) => {
                let stream = timeout_at(end, unix(path)).await.unwrap_or(Err(late))?;
                return Ok(drive(stream, closed));
            }
        };
        let addresses = timeout_at(end, lookup_host((host.as_str(), port))).await;
        let addresses = addresses.ok().and_then(Result::ok).ok_or(Unreachable::UnknownHost)?;
        let stream = timeout_at(end, tcp(addresses)).await.unwrap_or(Err(late))?;
        if !endpoint.is_tls {
            return Ok(drive(stream, closed));
        }
        let stream = timeout_at(end, self.tls.connect(host, stream)).await;
        let stream = stream.unwrap_or(Err(Unreachable::TlsTimeout))?;
        Ok(drive(stream, closed))
    }

    /// Sends the first commands of a connection at once, and reads the clock of the server.
    async fn sign_in(&self, endpoint: &Endpoint, connection: &Connection) -> Result<(), Fault> {
        let send = async |cmd: Option<Cmd>| match cmd {
            Some(cmd) => connection.send(cmd.get_packed_command()).await,
            None => Ok(Value::Nil),
        };
        let sent = self.epoch.elapsed();
        let (auth, select, time) =
            tokio::join!(send(auth(endpoint)), send(select(endpoint)), send(Some(cmd("TIME"))));
        auth.and(select)?;
        match time {
            Ok(time) => {
                if let Some(time) = micros(&time) {
                    connection.clock.note(time, sent, self.epoch.elapsed());
                }
            }
            // A proxy may not support the command, although scripts in the server behind it do.
            Err(Fault::Refused(refusal)) if !refusal.is_about_permission() => {}
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}

/// Returns the longest time that making a connection may take: more than the deadline of a question, since no request
/// waits for it beyond its deadline.
pub(crate) fn max_connect_time(deadline: Duration) -> Duration {
    deadline.saturating_mul(4).clamp(Duration::from_millis(250), Duration::from_secs(5))
}

fn drive<S>(stream: S, closed: impl FnOnce() + Send + 'static) -> Connection
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (connection, driver) = Connection::new(stream);
    spawn(async move {
        driver.await;
        closed();
    });
    connection
}

/// Connects to all addresses of a host, and returns the first connection.
async fn tcp(addresses: impl Iterator<Item = SocketAddr>) -> Result<TcpStream, Unreachable> {
    let mut attempts: JoinSet<_> = addresses.map(TcpStream::connect).collect();
    let mut failure = Unreachable::UnknownHost;
    while let Some(attempt) = attempts.join_next().await {
        match attempt.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(|error| Unreachable::of_connect(&error))?;
                return Ok(stream);
            }
            Err(error) => failure = Unreachable::of_connect(&error),
        }
    }
    Err(failure)
}

#[cfg(unix)]
async fn unix(path: &Path) -> Result<tokio::net::UnixStream, Unreachable> {
    let stream = tokio::net::UnixStream::connect(path).await;
    stream.map_err(|error| Unreachable::of_connect(&error))
}

/// Fails. Unix sockets are not supported on this platform, and their URLs are rejected earlier.
#[cfg(not(unix))]
async fn unix(_: &Path) -> Result<TcpStream, Unreachable> {
    Err(Unreachable::Io)
}

fn auth(endpoint: &Endpoint) -> Option<Cmd> {
    let password = endpoint.password.as_ref()?;
    let mut auth = cmd("AUTH");
    if let Some(user) = &endpoint.user {
        auth.arg(user);
    }
    auth.arg(password);
    Some(auth)
}

fn select(endpoint: &Endpoint) -> Option<Cmd> {
    let mut select = cmd("SELECT");
    select.arg(endpoint.database);
    (endpoint.database != 0).then_some(select)
}

/// Returns the time in a reply to `TIME`, in microseconds since the epoch of the script.
fn micros(time: &Value) -> Option<u64> {
    let Value::Array(parts) = time else { return None };
    let part = |part: &Value| match part {
        Value::BulkString(digits) => std::str::from_utf8(digits).ok()?.parse::<u64>().ok(),
        _ => None,
    };
    let [seconds, micros] = parts.as_slice() else { return None };
    part(seconds)?.checked_mul(1_000_000)?.checked_add(part(micros)?)?.checked_sub(EPOCH)
}

/// Returns the reason authentication failed, or the more specific reason the connection closed.
fn cause(connection: &Connection, fault: Fault) -> Fault {
    match (fault, connection.end()) {
        (Fault::Unsent | Fault::Broken, Some(Fault::Broken) | None) => {
            Fault::Unreachable(Unreachable::ClosedEarly)
        }
        (Fault::Unsent | Fault::Broken, Some(end)) => end.clone(),
        (fault, _) => fault,
    }
}
