//! The kinds of errors of `accept`.

use std::io;

/// The kind of an error of `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcceptErrorKind {
    /// The process or the system has no free descriptor or memory. The accept loop backs off.
    Resources,
    /// The connection failed before it was accepted. The accept loop continues at once.
    Connection,
    /// Any other error. The accept loop backs off.
    Other,
}

impl AcceptErrorKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::Resources, Self::Connection, Self::Other];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Connection => "connection",
            Self::Other => "other",
        }
    }

    /// Returns whether the next connection can be expected to fail as well.
    pub(crate) const fn needs_backoff(self) -> bool {
        !matches!(self, Self::Connection)
    }

    /// Classifies an error as accept(2) describes it: errors of the network, and of a firewall, belong to the connection.
    pub(crate) fn of(error: &io::Error) -> Self {
        use io::ErrorKind::{
            ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
            NetworkDown, NetworkUnreachable, OutOfMemory, PermissionDenied, TimedOut,
        };
        match error.kind() {
            ConnectionAborted | ConnectionRefused | ConnectionReset | HostUnreachable
            | Interrupted | NetworkDown | NetworkUnreachable | PermissionDenied | TimedOut => {
                Self::Connection
            }
            OutOfMemory => Self::Resources,
            _ => Self::of_number(error.raw_os_error()),
        }
    }

    /// Classifies an error that has no kind of its own in the standard library.
    #[cfg(unix)]
    fn of_number(number: Option<i32>) -> Self {
        use rustix::io::Errno;

        match number.map(Errno::from_raw_os_error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS) => Self::Resources,
            Some(Errno::PROTO | Errno::NOPROTOOPT | Errno::HOSTDOWN | Errno::OPNOTSUPP) => {
                Self::Connection
            }
            _ => Self::Other,
        }
    }

    /// Classifies an error that has no kind of its own in the standard library.
    #[cfg(not(unix))]
    const fn of_number(number: Option<i32>) -> Self {
        // WSAEMFILE and WSAENOBUFS.
        if matches!(number, Some(10_024 | 10_055)) { Self::Resources } else { Self::Other }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    fn kind(error: Errno) -> AcceptErrorKind {
        AcceptErrorKind::of(&error.into())
    }

    #[test]
    fn errors_without_descriptors_or_memory_back_off() {
        for error in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM] {
            assert_eq!(kind(error), AcceptErrorKind::Resources, "{error:?}");
            assert!(kind(error).needs_backoff());
        }
    }

    #[test]
    fn errors_of_a_single_connection_do_not_back_off() {
        // The list of accept(2), and the errors that connections had in other systems.
        let errors = [
            Errno::CONNABORTED,
            Errno::CONNRESET,
            Errno::CONNREFUSED,
            Errno::INTR,
            Errno::PERM,
            Errno::NETDOWN,
            Errno::PROTO,
            Errno::NOPROTOOPT,
            Errno::HOSTDOWN,
            Errno::HOSTUNREACH,
            Errno::OPNOTSUPP,
            Errno::NETUNREACH,
            Errno::TIMEDOUT,
        ];
        for error in errors {
            assert_eq!(kind(error), AcceptErrorKind::Connection, "{error:?}");
            assert!(!kind(error).needs_backoff());
        }
    }

    #[test]
    fn errors_of_the_listener_back_off() {
        for error in [Errno::BADF, Errno::INVAL, Errno::NOTSOCK, Errno::FAULT] {
            assert_eq!(kind(error), AcceptErrorKind::Other, "{error:?}");
            assert!(kind(error).needs_backoff());
        }
        assert_eq!(AcceptErrorKind::of(&io::Error::other("no number")), AcceptErrorKind::Other);
    }
}
