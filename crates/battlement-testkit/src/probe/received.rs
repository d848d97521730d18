use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use http_body::SizeHint;

/// A request that the probe received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// Method, URI, version, headers and extensions.
    pub parts: Parts,
    /// The size hint of the body on arrival.
    pub size_hint: SizeHint,
    /// The body, if the reply [reads](crate::probe::Reply::read_body) it.
    pub body: RequestBody,
}

/// The body of a received request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestBody {
    /// The body was not read, or not to its end.
    Unread,
    /// The body was read to its end.
    Read {
        /// The data of all frames.
        bytes: Bytes,
        /// The trailers, if the body has any.
        trailers: Option<HeaderMap>,
    },
    /// The body failed with this error.
    Failed(String),
}

/// The requests that all clones of a probe have received.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Received>>>);

impl Log {
    /// Adds a request, and returns its index.
    pub(super) fn push(&self, parts: Parts, size_hint: SizeHint) -> usize {
        let mut log = self.lock();
        log.push(Received { parts, size_hint, body: RequestBody::Unread });
        log.len() - 1
    }

    pub(super) fn record_body(&self, index: usize, body: RequestBody) {
        if let Some(received) = self.lock().get_mut(index) {
            received.body = body;
        }
    }

    pub(super) fn to_vec(&self) -> Vec<Received> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Received>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
