//! The values that reports, metrics and logs name: protocols, endings, refusals and timeouts.

use crate::Flood;

/// The protocol of a connection, once it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.0 or HTTP/1.1.
    Http1,
    /// HTTP/2, by prior knowledge or ALPN.
    Http2,
}

impl Protocol {
    /// All protocols.
    pub const ALL: &'static [Self] = &[Self::Http1, Self::Http2];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        }
    }
}

/// The reason why an accepted connection was closed before it was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The client has as many connections as one client may have.
    ClientLimit,
    /// The TLS handshake failed. A client that disconnects during the handshake is not refused.
    Tls,
    /// The application did not [admit](crate::Server::admit) the connection.
    NotAdmitted,
}

impl Refusal {
    /// All reasons.
    pub const ALL: &'static [Self] = &[Self::ClientLimit, Self::Tls, Self::NotAdmitted];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientLimit => "client_limit",
            Self::Tls => "tls",
            Self::NotAdmitted => "not_admitted",
        }
    }
}

/// The time limit that ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutKind {
    /// The first request did not arrive in time: the first byte, the TLS handshake, the HTTP/2 preface or the head.
    FirstRequest,
    /// The head of a later request did not arrive in time after its first byte.
    Header,
    /// No request arrived in the keep-alive time.
    Idle,
    /// The peer read no byte for too long.
    Write,
    /// The peer did not answer an HTTP/2 ping.
    Ping,
    /// The connection reached its age.
    Age,
    /// The requests that were in flight at the age of the connection did not end within the grace.
    Grace,
}

impl TimeoutKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[
        Self::FirstRequest,
        Self::Header,
        Self::Idle,
        Self::Write,
        Self::Ping,
        Self::Age,
        Self::Grace,
    ];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstRequest => "first_request",
            Self::Header => "header",
            Self::Idle => "idle",
            Self::Write => "write",
            Self::Ping => "ping",
            Self::Age => "age",
            Self::Grace => "grace",
        }
    }
}

/// The way in which a connection ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The connection ended between requests, closed by either side.
    #[default]
    Complete,
    /// The connection failed: the peer disconnected within a request, or sent an invalid one.
    Error,
    /// A time limit was reached.
    Timeout(TimeoutKind),
    /// The peer sent a flood.
    Flood(Flood),
    /// The connection was refused.
    Refused(Refusal),
    /// The server was shut down or dropped.
    Aborted,
    /// The HTTP/1 connection became a tunnel, for example of a WebSocket.
    Upgraded,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AcceptErrorKind;

    // Dashboards and alerts name these values.
    #[test]
    fn the_values_of_labels_do_not_change() {
        let protocols: Vec<_> = Protocol::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(protocols.join(" "), "http1 http2");
        let refusals: Vec<_> = Refusal::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(refusals.join(" "), "client_limit tls not_admitted");
        let timeouts: Vec<_> = TimeoutKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(timeouts.join(" "), "first_request header idle write ping age grace");
        let floods: Vec<_> = Flood::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(
            floods.join(" "),
            "rapid_reset provoked_reset continuation empty_data settings ping"
        );
        let errors: Vec<_> = AcceptErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(errors.join(" "), "resources connection other");
    }
}
