use std::{fmt, io};

/// The reason a connection could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// The port is closed.
    ConnectionRefused,
    /// The host has no address.
    UnknownHost,
    /// Connecting timed out.
    Timeout,
    /// The server closed the connection before its first reply.
    ClosedEarly,
    /// An HTTP server replied.
    Http,
    /// The server replied in another protocol.
    NotRedis,
    /// A server that expects TLS replied.
    TlsExpected,
    /// The server does not speak TLS.
    TlsNotSpoken,
    /// The certificate of the server was issued by an untrusted authority.
    UntrustedCertificate,
    /// The certificate of the server is expired, or not valid yet.
    ExpiredCertificate,
    /// The certificate of the server is for another host.
    CertificateForOtherHost,
    /// The certificate of the server cannot be used for another reason.
    InvalidCertificate,
    /// The server requires a certificate of the client.
    ClientCertificateRequired,
    /// The server rejected the certificate of the client.
    ClientCertificateRejected,
    /// The TLS handshake timed out.
    TlsTimeout,
    /// The TLS handshake failed, for example without a common version or cipher.
    Tls,
    /// A file with certificates or the key cannot be used.
    CertificateFiles,
    /// The nodes that were asked have no slots.
    NoSlots,
    /// The system reported another error.
    Io,
}

/// The text and the fix of each reason, in the order of the variants.
const ALL: [(Unreachable, &str, &str); 19] = [
    (
        Unreachable::ConnectionRefused,
        "the connection was refused",
        "check that Redis runs, and the host and port in `url`",
    ),
    (
        Unreachable::UnknownHost,
        "the host cannot be resolved",
        "check the host in `url`; a password with `@ # / % ?` must be percent-encoded",
    ),
    (
        Unreachable::Timeout,
        "connecting timed out",
        "check the host in `url`, and firewalls in between",
    ),
    (
        Unreachable::ClosedEarly,
        "the server closed the connection before it replied",
        "check the port in `url`, and begin `url` with rediss:// if the server expects TLS there",
    ),
    (Unreachable::Http, "an HTTP server answered", "check the host and port in `url`"),
    (
        Unreachable::NotRedis,
        "the server does not speak the protocol of Redis",
        "check the host and port in `url`",
    ),
    (Unreachable::TlsExpected, "the server expects TLS", "begin `url` with rediss://"),
    (
        Unreachable::TlsNotSpoken,
        "the server does not speak TLS",
        "check the port in `url`, or begin `url` with redis://",
    ),
    (
        Unreachable::UntrustedCertificate,
        "the certificate of the server is not trusted",
        "set `root_certificates` to the authority that issued the certificate",
    ),
    (
        Unreachable::ExpiredCertificate,
        "the certificate of the server is expired or not valid yet",
        "renew the certificate, and check the clocks of both sides",
    ),
    (
        Unreachable::CertificateForOtherHost,
        "the certificate of the server is for another host",
        "use a host in `url` that the certificate names",
    ),
    (
        Unreachable::InvalidCertificate,
        "the certificate of the server is invalid",
        "check the certificate, for example with `openssl s_client`",
    ),
    (
        Unreachable::ClientCertificateRequired,
        "the server requires a certificate of the client",
        "set `client_certificate_files`, or `tls-auth-clients no` in the server",
    ),
    (
        Unreachable::ClientCertificateRejected,
        "the server rejected the certificate of the client",
        "check that the server trusts the issuer of the certificate in `client_certificate_files`, and that the certificate is not expired",
    ),
    (
        Unreachable::TlsTimeout,
        "the server did not answer the TLS handshake in time",
        "check that the port expects TLS; otherwise begin `url` with redis://",
    ),
    (
        Unreachable::Tls,
        "the TLS handshake failed",
        "check the TLS versions and ciphers that the server allows",
    ),
    (
        Unreachable::CertificateFiles,
        "a certificate or key file cannot be used",
        "check the files: they must be readable PEM, and the key must be that of the certificate",
    ),
    (
        Unreachable::NoSlots,
        "the nodes in `url` have no slots",
        "check that the servers are nodes of a cluster (CLUSTER SLOTS); for a single server use `Redis::new`",
    ),
    (Unreachable::Io, "the connection could not be made", "check the network to the host in `url`"),
];

impl Unreachable {
    pub(super) const KINDS: usize = ALL.len();

    /// Returns the reason a connection was not made.
    pub(crate) fn of_connect(error: &io::Error) -> Self {
        match error.kind() {
            // A Unix socket that does not exist is treated like a closed port.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Self::ConnectionRefused,
            io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Io,
        }
    }

    /// Returns the reason that the first bytes of another protocol's reply show.
    pub(crate) fn of_reply(bytes: &[u8]) -> Self {
        match bytes {
            [b'H', b'T', b'T', b'P', ..] => Self::Http,
            // A TLS alert record.
            [0x15, 0x03, ..] => Self::TlsExpected,
            _ => Self::NotRedis,
        }
    }

    pub(super) const fn kind(self) -> usize {
        self as usize
    }

    pub(super) const fn fix(self) -> &'static str {
        self.texts().1
    }

    /// Returns the text and the fix.
    const fn texts(self) -> (&'static str, &'static str) {
        let (_, text, fix) = ALL[self as usize];
        (text, fix)
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.texts().0)
    }
}

#[cfg(test)]
impl Unreachable {
    /// Returns one of each reason.
    pub(super) fn examples() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(reason, ..)| reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_in_the_order_of_the_reasons() {
        assert!(ALL.iter().enumerate().all(|(nth, (reason, ..))| *reason as usize == nth));
    }
}
