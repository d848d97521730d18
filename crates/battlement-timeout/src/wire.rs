//! The time limits that requests carry: reading and writing.

mod digits;
mod grpc_timeout;
mod header;
mod millis;

pub(crate) use self::grpc_timeout::{GRPC_TIMEOUT, grpc_timeout, write_grpc_timeout};
pub use self::header::{InvalidTimeoutHeader, TimeoutHeader};

use std::time::Duration;

use http::HeaderValue;

/// The value of a header, and the time that its receiver reads from it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) value: HeaderValue,
    pub(crate) time: Duration,
}
