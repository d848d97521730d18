use crate::in_flight::{InFlight, Stream};

/// Work that the drain waits for, until this value is dropped.
///
/// A guard that is not dropped before the end of the drain has leaked: the report names it, and the exit code is 1. The
/// guard of an [upgraded connection](crate::ShutdownHandle::upgrade) is counted as such instead.
#[derive(Debug)]
#[must_use = "the drain waits only while the guard lives"]
pub struct Guard {
    kind: Kind,
    in_flight: InFlight,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Named(&'static str),
    Upgrade,
}

impl Guard {
    pub(crate) fn named(in_flight: InFlight, name: &'static str) -> Self {
        in_flight.enter_guard(name);
        Self { kind: Kind::Named(name), in_flight }
    }

    pub(crate) fn upgrade(in_flight: InFlight) -> Self {
        in_flight.enter();
        in_flight.enter_stream(Stream::Upgrade);
        Self { kind: Kind::Upgrade, in_flight }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        match self.kind {
            Kind::Named(name) => self.in_flight.leave_guard(name),
            Kind::Upgrade => {
                self.in_flight.leave_stream(Stream::Upgrade);
                self.in_flight.leave();
            }
        }
    }
}
