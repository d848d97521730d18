use battlement_core::{CheckState, ConfigError, InvalidField};
use tokio::net::TcpStream;

use crate::RunCheck;

/// Checks that a server accepts TCP connections at `host:port`.
///
/// The kernel accepts connections even if the server is blocked, and a proxy accepts them even if its upstream is
/// unavailable: a check that sends a request detects more. Names are resolved at each run. The connection is closed at
/// once, which some servers log as an error.
///
/// # Panics
///
/// If [`Tcp::try_new`] returns an error.
///
/// # Example
///
/// ```
/// use battlement_health::{Check, checks};
///
/// let mail = Check::new("mail", checks::tcp("mail.internal:25"));
/// ```
#[must_use]
pub fn tcp(address: impl Into<String>) -> Tcp {
    Tcp::try_new(address).unwrap_or_else(|error| panic!("{error}"))
}

/// The check of [`tcp`].
#[derive(Clone, Debug)]
pub struct Tcp {
    address: String,
}

impl Tcp {
    /// Creates the check, or returns an error; see [`tcp`].
    ///
    /// # Errors
    ///
    /// If the address is not `host:port`.
    pub fn try_new(address: impl Into<String>) -> Result<Self, ConfigError> {
        let address = address.into();
        let mut errors = Vec::new();
        if !is_address(&address) {
            let message = "must be `host:port`, such as `db.internal:5432` or `[::1]:5432`";
            errors.push(InvalidField::new("address", message));
        }
        ConfigError::check("TCP check", errors, Self { address })
    }
}

impl RunCheck for Tcp {
    async fn run(&self) -> CheckState {
        match TcpStream::connect(&self.address).await {
            Ok(_) => CheckState::pass("connected"),
            Err(error) => CheckState::fail(format!("cannot connect to {}: {error}", self.address)),
        }
    }
}

/// Returns whether this is `host:port`; an IPv6 address is enclosed in brackets.
fn is_address(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else {
        return false;
    };
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = match inside {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !host.is_empty() && host.bytes().all(is_part)
        }
    };
    let is_digits = port.bytes().all(|byte| byte.is_ascii_digit());
    is_host && is_digits && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in ["db:5432", "db_1.internal-2:1", "127.0.0.1:65535", "[::1]:80"] {
            assert_eq!(Tcp::try_new(address).unwrap().address, address);
        }
        for address in [
            "",
            "db",
            "db:",
            ":80",
            "db:0",
            "db:65536",
            "db:+80",
            "::1:80",
            "[db]:80",
            "[::1]80",
            "[]:80",
            "http://db:80",
            "user:hunter2@db:80",
            "d b:80",
        ] {
            let error = Tcp::try_new(address).unwrap_err().to_string();
            assert!(error.contains("must be `host:port`"), "{address}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
