//! A connection that can be reset instead of answered.

use battlement::serve::{ConnectionReset, NewConnection};

use crate::faults::Opened;

/// Resets the connection of a request. An extension of each request.
#[derive(Clone, Debug)]
pub(crate) struct Reset {
    connection: Option<ConnectionReset>,
    pub(crate) opened: Opened,
}

impl Reset {
    pub(crate) fn of(connection: &NewConnection<'_>, opened: Opened) -> Self {
        Self { connection: Some(connection.reset()), opened }
    }

    /// Resets the connection as soon as the server writes to it. All requests on the connection fail, which are several
    /// with HTTP/2.
    pub(crate) fn request(&self) {
        if let Some(connection) = &self.connection {
            connection.request();
        }
    }

    /// Creates a value that resets nothing.
    #[cfg(test)]
    pub(crate) const fn new(opened: Opened) -> Self {
        Self { connection: None, opened }
    }
}
