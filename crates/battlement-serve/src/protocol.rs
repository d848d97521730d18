//! The detection of the protocol, and the configuration of hyper for each.

use std::{future::poll_fn, io, pin::Pin};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Limits, Protocol, executor::StreamExecutor, io::GuardedIo, rewind::Prefix};

/// The first bytes of an HTTP/2 connection (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until the first bytes tell the protocol. Returns nothing if the peer closes before the first byte.
pub(crate) async fn detect<T: AsyncRead + AsyncWrite + Unpin>(
    io: &mut GuardedIo<T>,
) -> io::Result<Option<Protocol>> {
    let mut seen = Prefix::default();
    let protocol = loop {
        if !PREFACE.starts_with(seen.left()) {
            break Some(Protocol::Http1);
        }
        let missing = PREFACE.len() - seen.left().len();
        if missing == 0 {
            break Some(Protocol::Http2);
        }
        let mut bytes = [0; PREFACE.len()];
        let mut buf = ReadBuf::new(&mut bytes[..missing]);
        poll_fn(|cx| Pin::new(&mut *io).poll_read(cx, &mut buf)).await?;
        if buf.filled().is_empty() {
            break (!seen.is_empty()).then_some(Protocol::Http1);
        }
        seen.push(buf.filled());
    };
    *io.prefix() = seen;
    Ok(protocol)
}

/// Configures HTTP/1. Its timeout of heads stays off, because that one includes the idle time: [`Timers`] has both.
///
/// [`Timers`]: crate::time::Timers
pub(crate) fn http1(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(limits.half_close)
        .max_header_size(limits.header_bytes as usize)
        .max_buf_size(limits.buffer_bytes);
    // hyper allocates for each request once the number is set.
    if limits.header_count != 100 {
        http.max_headers(limits.header_count);
    }
    http
}

/// Configures HTTP/2. Resets are limited by rate: hyper's counts of them would end honest connections.
pub(crate) fn http2(limits: &Limits, executor: StreamExecutor) -> http2::Builder<StreamExecutor> {
    let mut http = http2::Builder::new(executor);
    http.timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_send_buf_size(limits.send_buffer as usize)
        .max_pending_accept_reset_streams(usize::MAX)
        .max_local_error_reset_streams(None)
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    http
}
