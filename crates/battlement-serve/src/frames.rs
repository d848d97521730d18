//! Counts HTTP/2 frames by their headers, in both directions of a connection.
//!
//! h2 has no hook for the frames that it reads and writes. The counters see the same bytes in the I/O type below
//! hyper, read nothing but frame headers and a few error codes, and allocate nothing.

mod goaway;
mod head;
mod inbound;
mod outbound;
mod reader;
#[cfg(test)]
pub(crate) mod tests;

#[cfg(fuzzing)]
pub(crate) use self::reader::Reader;
pub(crate) use self::{
    goaway::Goaway,
    inbound::{Inbound, Received},
    outbound::Outbound,
};
