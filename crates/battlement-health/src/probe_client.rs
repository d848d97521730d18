use std::{fmt, io, time::Duration};

/// The reason for which a probe did not pass.
#[derive(Debug)]
pub struct ProbeError(io::Error);

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the probe did not pass: {}", self.0)
    }
}

impl std::error::Error for ProbeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Asks the probe at `url`, and blocks for at most `timeout`.
///
/// # Errors
///
/// If the answer is not a success, or there is none in time.
pub fn probe(url: &str, timeout: Duration) -> Result<(), ProbeError> {
    use std::{
        io::{Read as _, Write as _},
        net::{TcpStream, ToSocketAddrs as _},
    };
    let ask = || {
        let rest = url.strip_prefix("http://").ok_or(io::ErrorKind::InvalidInput)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let addr = host.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        let mut stream = TcpStream::connect_timeout(&addr, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        if head[9] == b'2' { Ok(()) } else { Err(io::Error::other("status is not a success")) }
    };
    ask().map_err(ProbeError)
}
