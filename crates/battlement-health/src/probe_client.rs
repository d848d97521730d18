use std::{
    error::Error,
    fmt, io,
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _},
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio::time::Instant;

use crate::plain_http::{NotHttp, StatusReader, Target, passes};

/// Probes a URL, and blocks until the answer or the timeout: the client for a container image without a shell or curl.
///
/// The probe passes with a status from 200 to 399, as for the kubelet. A redirect is not followed. `timeout` is for the
/// whole probe, including the resolution of the host; a timeout of more than 24 h is cut to 24 h. No runtime is needed;
/// the function blocks, so do not call it in async code. Only `http` is supported, without TLS, proxies and
/// authentication: probe the admin listener of the process.
///
/// # Errors
///
/// If the URL is invalid, if the status is not from 200 to 399, or if the server does not answer in time. The text of
/// the error contains no part of the URL.
///
/// # Example
///
/// `HEALTHCHECK CMD ["/shop", "--probe", "http://127.0.0.1:9090/readyz"]`, answered by the binary itself:
///
/// ```no_run
/// use std::{env, process::ExitCode, time::Duration};
///
/// use battlement_health::probe;
///
/// fn main() -> ExitCode {
///     let mut args = env::args().skip(1);
///     if let (Some("--probe"), Some(url)) = (args.next().as_deref(), args.next()) {
///         return match probe(&url, Duration::from_secs(2)) {
///             Ok(()) => ExitCode::SUCCESS,
///             Err(error) => {
///                 eprintln!("{error}");
///                 ExitCode::FAILURE
///             }
///         };
///     }
///     // The service starts here.
///     ExitCode::SUCCESS
/// }
/// ```
pub fn probe(url: &str, timeout: Duration) -> Result<(), ProbeError> {
    let target = Target::parse(url).map_err(|error| Kind::InvalidUrl(error.to_string()))?;
    let deadline = Deadline::after(timeout)?;
    let mut stream = connect(&resolve(&target, deadline)?, deadline)?;
    stream.set_write_timeout(Some(deadline.left()?))?;
    stream.write_all(&target.request())?;
    let status = status(&mut stream, deadline)?;
    if passes(status) { Ok(()) } else { Err(Kind::Status(status).into()) }
}

/// A probe that did not pass.
#[derive(Debug)]
pub struct ProbeError(Kind);

#[derive(Debug)]
enum Kind {
    InvalidUrl(String),
    Resolve(io::Error),
    Connect(io::Error),
    TimedOut,
    Io(io::Error),
    Closed,
    NotHttp(NotHttp),
    Status(u16),
}

impl ProbeError {
    /// Returns the status of the response, if there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.0 {
            Kind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Returns whether the probe timed out.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.0, Kind::TimedOut)
    }
}

/// The time at which the probe ends.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn after(timeout: Duration) -> Result<Self, ProbeError> {
        // A day is longer than any probe, and cannot overflow the clock.
        let now = Instant::now();
        let day = Duration::from_secs(24 * 60 * 60);
        let deadline = Self(now + timeout.min(day));
        deadline.left().map(|_| deadline)
    }

    /// Returns the time that is left, which is more than zero.
    fn left(self) -> Result<Duration, ProbeError> {
        match self.0.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(Kind::TimedOut.into()),
            left => Ok(left),
        }
    }
}

/// Returns the addresses of the host. The resolver of the system has no timeout, and gets a thread of its own.
fn resolve(target: &Target, deadline: Deadline) -> Result<Vec<SocketAddr>, ProbeError> {
    let port = target.port;
    if let Ok(ip) = target.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let (host, (sender, receiver)) = (target.host.clone(), mpsc::channel());
    let resolver = move || {
        let addresses = (host.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // The receiver is gone once the probe has timed out.
        let _ = sender.send(addresses);
    };
    thread::Builder::new().spawn(resolver).map_err(Kind::Resolve)?;
    match receiver.recv_timeout(deadline.left()?) {
        Ok(addresses) => addresses.map_err(|error| Kind::Resolve(error).into()),
        Err(_) => Err(Kind::TimedOut.into()),
    }
}

/// Connects to the first address that accepts; the time is shared between the addresses.
fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<TcpStream, ProbeError> {
    let mut last = Kind::Resolve(io::ErrorKind::NotFound.into());
    for (at, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        // The kernel has no timeout of less than a microsecond.
        let share = (deadline.left()? / others).max(Duration::from_micros(1));
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => return Ok(stream),
            Err(error) if is_timeout(&error) => last = Kind::TimedOut,
            Err(error) => last = Kind::Connect(error),
        }
    }
    Err(last.into())
}

/// Reads the status of the response.
fn status(stream: &mut TcpStream, deadline: Deadline) -> Result<u16, ProbeError> {
    let (mut reader, mut buffer) = (StatusReader::default(), [0; 1024]);
    loop {
        stream.set_read_timeout(Some(deadline.left()?))?;
        let count = match stream.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if count == 0 {
            return Err(Kind::Closed.into());
        }
        if let Some(status) = reader.feed(&buffer[..count]).map_err(Kind::NotHttp)? {
            return Ok(status);
        }
    }
}

/// Returns whether a socket's timeout has passed, for which platforms have two errors.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

impl From<Kind> for ProbeError {
    fn from(kind: Kind) -> Self {
        Self(kind)
    }
}

impl From<io::Error> for ProbeError {
    fn from(error: io::Error) -> Self {
        Self(if is_timeout(&error) { Kind::TimedOut } else { Kind::Io(error) })
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::InvalidUrl(fix) => write!(f, "probe failed: the URL {fix}"),
            Kind::Resolve(error) => write!(f, "probe failed: cannot resolve the host: {error}"),
            Kind::Connect(error) => write!(f, "probe failed: cannot connect: {error}"),
            Kind::TimedOut => f.write_str("probe failed: timed out"),
            Kind::Io(error) => write!(f, "probe failed: the connection broke: {error}"),
            Kind::Closed => {
                f.write_str("probe failed: the connection was closed before the response")
            }
            Kind::NotHttp(error) => write!(f, "probe failed: {error}"),
            Kind::Status(status) => write!(f, "probe failed: status {status}"),
        }
    }
}

impl Error for ProbeError {}
