use std::{fmt, path::PathBuf};

use battlement_core::InvalidField;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};

use super::tls;

/// A server with the settings needed to connect to it, parsed from a URL.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(super) is_tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: i64,
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

const NOT_A_URL: &str =
    "must be a Redis URL: redis://user:password@host:6379/0, or rediss:// for TLS";
const NO_TLS: &str = "requires the feature `redis-tls` for rediss://";
const INSECURE: &str =
    "must not end in #insecure; to trust the server, set `root_certificates` to its authority";
const NOT_ENCODED: &str = "contains a user name or password that is not percent-encoded: write `@` as %40, `#` as %23, \
    `/` as %2F, `%` as %25 and `?` as %3F";

impl Endpoint {
    /// Parses a URL. The error never repeats the URL, since it may contain a password.
    pub(crate) fn of_url(field: &str, url: &str) -> Result<Self, InvalidField> {
        let wrong = |message: &str| InvalidField::new(field, message);
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong(NOT_A_URL))?;
        let (scheme, is_tls) = match scheme.to_ascii_lowercase().as_str() {
            "rediss" | "valkeys" => ("redis", true),
            "redis" | "valkey" => ("redis", false),
            "unix" | "redis+unix" | "valkey+unix" => ("unix", false),
            _ => return Err(wrong(NOT_A_URL)),
        };
        if scheme == "redis" && !is_encoded(rest) {
            return Err(wrong(NOT_ENCODED));
        }
        if is_tls && !tls::IS_BUILT_IN {
            return Err(wrong(NO_TLS));
        }
        if rest.contains('#') {
            return Err(wrong(if rest.ends_with("#insecure") { INSECURE } else { NOT_A_URL }));
        }
        let info =
            format!("{scheme}://{rest}").into_connection_info().map_err(|_| wrong(NOT_A_URL))?;
        Self::of_info(&info, is_tls).ok_or_else(|| wrong(NOT_A_URL))
    }

    fn of_info(info: &ConnectionInfo, is_tls: bool) -> Option<Self> {
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) => Address::Tcp { host: host.clone(), port: *port },
            ConnectionAddr::Unix(path) if cfg!(unix) => Address::Unix(path.clone()),
            _ => return None,
        };
        let redis = info.redis_settings();
        let [user, password] =
            [redis.username(), redis.password()].map(|text| text.map(str::to_owned));
        Some(Self { address, is_tls, user, password, database: redis.db() })
    }

    /// Returns whether the connection uses TLS.
    pub(crate) const fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Returns another server with the same settings.
    #[cfg(feature = "redis-cluster")]
    pub(crate) fn at(&self, address: Address) -> Self {
        Self { address, ..self.clone() }
    }

    /// Returns whether the URL selects a database other than 0.
    #[cfg(feature = "redis-cluster")]
    pub(crate) const fn has_database(&self) -> bool {
        self.database != 0
    }

    /// Returns whether `other` has the same settings, and an address that a node of a cluster can have.
    #[cfg(feature = "redis-cluster")]
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        let means = |endpoint: &Self| {
            (endpoint.is_tls, endpoint.user.clone(), endpoint.password.clone(), endpoint.database)
        };
        means(self) == means(other) && matches!(other.address, Address::Tcp { .. })
    }
}

/// Returns whether the user name and the password of a URL, given without its scheme, are percent-encoded.
fn is_encoded(rest: &str) -> bool {
    // An `@` that is not percent-encoded can only follow the password.
    let Some((user, _)) = rest.rsplit_once('@') else { return true };
    let hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let bytes = user.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'@' | b'#' | b'/' | b'?' => false,
        b'%' => hex(bytes.get(at + 1)) && hex(bytes.get(at + 2)),
        _ => true,
    })
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(url: &str) -> String {
        Endpoint::of_url("url", url).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_url_is_read_with_its_percent_encoded_parts() {
        let endpoint = Endpoint::of_url("url", "redis://us%65r:p%40ss@127.0.0.1:7000/3").unwrap();
        assert_eq!(endpoint.address, Address::Tcp { host: "127.0.0.1".to_owned(), port: 7000 });
        assert_eq!(
            (endpoint.user.as_deref(), endpoint.password.as_deref()),
            (Some("user"), Some("p@ss"))
        );
        assert_eq!((endpoint.database, endpoint.is_tls), (3, false));
        let endpoint = Endpoint::of_url("url", "valkey://[::1]/").unwrap();
        assert_eq!(endpoint.address, Address::Tcp { host: "::1".to_owned(), port: 6379 });
        #[cfg(unix)]
        {
            let endpoint = Endpoint::of_url("url", "unix:///run/re@dis.sock?db=2").unwrap();
            assert_eq!(endpoint.address, Address::Unix("/run/re@dis.sock".into()));
            assert_eq!(endpoint.database, 2);
        }
    }

    #[test]
    fn a_password_that_is_not_percent_encoded_gets_a_message_that_says_so() {
        for password in ["a@b", "a#b", "a/b", "a%b", "a%4", "a?b", "12#34", "12/34", "12?34", "%%%"]
        {
            for url in [
                format!("redis://user:{password}@host:6379/0"),
                format!("rediss://:{password}@host"),
            ] {
                let message = message(&url);
                assert!(message.contains("percent-encoded"), "{password}: {message}");
                assert!(!message.contains("12"), "{message}");
            }
        }
    }

    #[test]
    fn other_invalid_urls_have_messages_of_their_own() {
        for url in [
            "",
            "host",
            "http://host/",
            "redis://",
            "redis://host:port/",
            "redis://host/db",
            "redis://host/#",
        ] {
            assert_eq!(message(url), NOT_A_URL, "{url}");
        }
        assert_eq!(message("redis://host/#insecure"), INSECURE);
    }
}
