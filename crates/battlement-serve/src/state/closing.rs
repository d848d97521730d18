//! The close of a connection, from its announcement to the last bytes of the client.

use std::sync::atomic::Ordering::Relaxed;

use super::State;
use crate::{End, Protocol};

impl State {
    /// Lets the next response announce the close of the connection.
    pub(crate) fn announce_close(&self) {
        self.closing.store(true, Relaxed);
    }

    /// Returns whether responses announce the close of the connection.
    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Relaxed)
    }

    /// Records that the connection is to end, so that it receives nothing more if no request is in flight.
    pub(crate) fn close_unused(&self) {
        self.unused.store(!self.marks.view().in_flight, Relaxed);
    }

    /// Returns whether the client may still send after the last byte that it gets: over HTTP/2 windows, and over HTTP/1
    /// the rest of a request that was answered before its end.
    pub(crate) fn may_receive(&self) -> bool {
        let may_follow = match self.protocol() {
            Some(Protocol::Http2) => self.is_closing(),
            _ => self.marks.may_have_body() && !self.unused.load(Relaxed),
        };
        // A flood ends the connection at once, and the bytes of a tunnel are those of its task.
        may_follow && self.end.get().is_none()
    }

    /// Records that all requests are over, and that the server waits for the client to close the connection.
    pub(crate) fn linger(&self) {
        self.lingering.store(true, Relaxed);
        // hyper still sends pings, whose answer no longer matters.
        if self.protocol() == Some(Protocol::Http2) {
            self.end_with(End::Complete);
        }
    }

    /// Returns whether all requests are over, and the server waits for the client to close the connection.
    pub(crate) fn is_lingering(&self) -> bool {
        self.lingering.load(Relaxed)
    }
}
