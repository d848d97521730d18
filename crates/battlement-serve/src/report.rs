use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{Protocol, ServerHandle};

/// The result of a server that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The number of connections that were served.
    pub served: u64,
    /// The number of HTTP/1 connections that were aborted.
    pub aborted_http1: u64,
    /// The number of HTTP/2 connections that were aborted.
    pub aborted_http2: u64,
    /// The number of connections that were aborted before their protocol was known.
    pub aborted_unknown: u64,
}

/// The aborted connections so far, by protocol.
#[derive(Debug, Default)]
pub(crate) struct Aborted {
    http1: AtomicU64,
    http2: AtomicU64,
    unknown: AtomicU64,
}

impl Aborted {
    /// Counts an aborted connection.
    pub(crate) fn count(&self, protocol: Option<Protocol>) {
        let count = match protocol {
            Some(Protocol::Http1) => &self.http1,
            Some(Protocol::Http2) => &self.http2,
            None => &self.unknown,
        };
        count.fetch_add(1, Relaxed);
    }

    /// Returns the report of a server that has ended.
    pub(crate) fn report(&self, served: u64) -> Report {
        Report {
            served,
            aborted_http1: self.http1.load(Relaxed),
            aborted_http2: self.http2.load(Relaxed),
            aborted_unknown: self.unknown.load(Relaxed),
        }
    }
}

impl Report {
    /// Returns a report in which all connections that are open now are aborted.
    pub(crate) fn of_open(server: &ServerHandle) -> Self {
        let mut report = Self::default();
        for open in server.connections() {
            *match open.protocol {
                Some(Protocol::Http1) => &mut report.aborted_http1,
                Some(Protocol::Http2) => &mut report.aborted_http2,
                None => &mut report.aborted_unknown,
            } += open.count;
        }
        report
    }

    /// Returns the number of all connections that were aborted.
    #[must_use]
    pub const fn aborted(&self) -> u64 {
        self.aborted_http1 + self.aborted_http2 + self.aborted_unknown
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// The numbers of connections by protocol.
    const COUNTS: [(Option<Protocol>, u64); 3] =
        [(Some(Protocol::Http1), 1), (Some(Protocol::Http2), 2), (None, 4)];

    #[test]
    fn aborted_connections_are_reported_by_protocol() {
        let aborted = Aborted::default();
        for (protocol, count) in COUNTS {
            (0..count).for_each(|_| aborted.count(protocol));
        }
        let report = aborted.report(10);
        let expected =
            Report { served: 10, aborted_http1: 1, aborted_http2: 2, aborted_unknown: 4 };
        assert_eq!((report.aborted(), report), (7, expected));
    }

    #[test]
    fn open_connections_of_all_listeners_are_reported_as_aborted() {
        let server = ServerHandle::default();
        for name in ["public", "admin"] {
            let open = server.add(&Arc::from(name));
            for (protocol, count) in COUNTS {
                open.count(protocol).fetch_add(count, Relaxed);
            }
        }
        let expected = Report { served: 0, aborted_http1: 2, aborted_http2: 4, aborted_unknown: 8 };
        assert_eq!(Report::of_open(&server), expected);
    }
}
