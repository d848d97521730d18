use std::{fmt, io};

use battlement_core::{CheckState, ConfigError, InvalidField};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    RunCheck,
    plain_http::{StatusReader, Target, passes},
};

/// Checks that an HTTP upstream answers `GET url` with a status from 200 to 399.
///
/// Each run opens a connection, sends an HTTP/1.1 request, and reads the status of the response. A redirect is not
/// followed, and passes. TLS, proxies and authentication are not supported: use a closure with the client of the service
/// for these. The check of an upstream that the service calls anyway says less than the state of its circuit breaker.
///
/// # Panics
///
/// If [`Http::try_new`] returns an error.
///
/// # Example
///
/// ```
/// use battlement_health::{Check, checks};
///
/// let billing = Check::new("billing", checks::http("http://billing:8080/livez"));
/// ```
#[must_use]
pub fn http(url: &str) -> Http {
    Http::try_new(url).unwrap_or_else(|error| panic!("{error}"))
}

/// The check of [`http()`].
#[derive(Clone)]
pub struct Http {
    target: Target,
}

impl Http {
    /// Creates the check, or returns an error; see [`http()`].
    ///
    /// # Errors
    ///
    /// If `url` is not an absolute `http` URL, or contains a user or password. The text contains no part of the URL.
    pub fn try_new(url: &str) -> Result<Self, ConfigError> {
        let target = Target::parse(url).map_err(|error| {
            ConfigError::new("HTTP check", vec![InvalidField::new("url", error.to_string())])
        })?;
        Ok(Self { target })
    }

    async fn status(&self) -> Result<u16, String> {
        let broken = |error: io::Error| format!("the connection broke: {error}");
        let address = (self.target.host.as_str(), self.target.port);
        let connected = TcpStream::connect(address).await;
        let mut stream = connected.map_err(|error| format!("cannot connect: {error}"))?;
        stream.write_all(&self.target.request()).await.map_err(broken)?;
        let (mut reader, mut buffer) = (StatusReader::default(), [0; 1024]);
        loop {
            let count = stream.read(&mut buffer).await.map_err(broken)?;
            if count == 0 {
                return Err("the connection was closed before the response".to_owned());
            }
            if let Some(status) =
                reader.feed(&buffer[..count]).map_err(|error| error.to_string())?
            {
                return Ok(status);
            }
        }
    }
}

impl RunCheck for Http {
    async fn run(&self) -> CheckState {
        match self.status().await {
            Ok(status) if passes(status) => CheckState::pass(format!("status {status}")),
            Ok(status) => CheckState::fail(format!("status {status}")),
            Err(reason) => CheckState::fail(reason),
        }
    }
}

/// Without the path, which may hold a token.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { host, port, .. } = &self.target;
        f.debug_struct("Http").field("host", host).field("port", port).finish_non_exhaustive()
    }
}
