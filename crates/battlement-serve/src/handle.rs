use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::Protocol;

/// A handle on a server, which reads its open connections. Clones read the same server.
#[derive(Clone, Debug, Default)]
pub struct ServerHandle(Arc<Mutex<Vec<Arc<Open>>>>);

/// The open connections of one listener in one protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenConnections {
    /// The name of the listener.
    pub listener: Arc<str>,
    /// The protocol, or `None` for connections whose protocol is not yet known.
    pub protocol: Option<Protocol>,
    /// The number of open connections.
    pub count: u64,
}

/// The counts of one listener.
#[derive(Debug)]
pub(crate) struct Open {
    name: Arc<str>,
    unknown: AtomicU64,
    http1: AtomicU64,
    http2: AtomicU64,
}

impl Open {
    pub(crate) fn count(&self, protocol: Option<Protocol>) -> &AtomicU64 {
        match protocol {
            None => &self.unknown,
            Some(Protocol::Http1) => &self.http1,
            Some(Protocol::Http2) => &self.http2,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl ServerHandle {
    /// Returns the open connections by listener and protocol, including those of count zero.
    #[must_use]
    pub fn connections(&self) -> Vec<OpenConnections> {
        let protocols = [None, Some(Protocol::Http1), Some(Protocol::Http2)];
        let read = |open: &Arc<Open>, protocol| OpenConnections {
            listener: Arc::clone(&open.name),
            protocol,
            count: open.count(protocol).load(Relaxed),
        };
        let listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().flat_map(|open| protocols.map(|protocol| read(open, protocol))).collect()
    }

    /// Returns the number of all open connections.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.connections().iter().map(|open| open.count).sum()
    }

    /// Adds the listener called `name`.
    pub(crate) fn add(&self, name: &Arc<str>) -> Arc<Open> {
        let open = Arc::new(Open {
            name: Arc::clone(name),
            unknown: AtomicU64::new(0),
            http1: AtomicU64::new(0),
            http2: AtomicU64::new(0),
        });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&open));
        open
    }
}
