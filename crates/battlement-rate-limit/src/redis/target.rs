use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, io::tcp::TcpSettings};

use super::{
    link::{Connect, Single},
    tls,
};
use crate::InvalidField;

/// Where Redis is.
pub(super) trait Target: Send + Sync {
    /// How many parts of it may fail on their own.
    fn groups(&self) -> u16;

    /// What connects to it, with `roots` as the only authorities that are trusted if there are some. A
    /// command that takes `most` is given up.
    fn connector(
        &self,
        most: Duration,
        roots: Option<&[u8]>,
    ) -> Result<Box<dyn Connect>, InvalidField>;
}

/// One server, by its URL.
pub(super) struct Server(pub(super) String);

impl Target for Server {
    fn groups(&self) -> u16 {
        1
    }

    fn connector(
        &self,
        most: Duration,
        roots: Option<&[u8]>,
    ) -> Result<Box<dyn Connect>, InvalidField> {
        let client = tls::client(info("url", &self.0)?, roots)?;
        Ok(Box::new(Single { client, most }))
    }
}

const NO_URL: &str =
    "is none of Redis; write it as redis://user:password@host:6379/0, or rediss:// for TLS";

/// Reads a URL, and never tells it back, since it may hold a password.
pub(super) fn info(field: &str, url: &str) -> Result<ConnectionInfo, InvalidField> {
    let info = url.into_connection_info().map_err(|_| {
        let secured = url.starts_with("rediss:") || url.starts_with("valkeys:");
        let lacks = secured && !tls::IS_BUILT_IN;
        InvalidField::new(
            field,
            if lacks { "needs the feature redis-tls for rediss://" } else { NO_URL },
        )
    })?;
    if let ConnectionAddr::TcpTls { insecure: true, .. } = info.addr() {
        let message =
            "must not end in #insecure; trust the server's authority by root_certificates";
        return Err(InvalidField::new(field, message));
    }
    Ok(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))
}
