//! The headers that state a time limit, which only the fuzz targets read and write directly.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use crate::{TimeoutHeader, wire};

/// Reads the lines of `grpc-timeout`.
pub fn read_grpc_timeout(lines: &[HeaderValue]) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(&wire::GRPC_TIMEOUT, line.clone());
    }
    wire::grpc_timeout(&headers)
}

/// Returns the value of `grpc-timeout` for `time`, unless it is zero.
pub fn write_grpc_timeout(time: Duration) -> Option<HeaderValue> {
    wire::write_grpc_timeout(time).map(|written| written.value)
}

/// Reads the lines of a header.
pub fn read_header(header: &TimeoutHeader, lines: &[HeaderValue]) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header.name(), line.clone());
    }
    header.read(&headers)
}

/// Returns the value of a header for `time`, unless it is below a millisecond.
pub fn write_header(header: &TimeoutHeader, time: Duration) -> Option<HeaderValue> {
    header.write(time).map(|written| written.value)
}
