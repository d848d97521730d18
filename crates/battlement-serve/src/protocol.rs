//! The detection of the protocol, and the configuration of hyper for each.

use std::{future::poll_fn, io, pin::Pin};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{Limits, Protocol, executor::StreamExecutor, rewind::Prefix};

/// The first bytes of an HTTP/2 connection (RFC 9113, section 3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads until the first bytes identify the protocol, and returns the protocol with these bytes. Returns `None` if the
/// peer closes before the first byte.
pub(crate) async fn detect<T: AsyncRead + Unpin>(
    io: &mut T,
) -> io::Result<Option<(Protocol, Prefix)>> {
    let mut seen = Prefix::default();
    while PREFACE.starts_with(seen.left()) {
        let missing = PREFACE.len() - seen.left().len();
        if missing == 0 {
            return Ok(Some((Protocol::Http2, seen)));
        }
        let mut bytes = [0; PREFACE.len()];
        let mut buf = ReadBuf::new(&mut bytes[..missing]);
        poll_fn(|cx| Pin::new(&mut *io).poll_read(cx, &mut buf)).await?;
        if buf.filled().is_empty() {
            return Ok((!seen.is_empty()).then_some((Protocol::Http1, seen)));
        }
        seen.push(buf.filled());
    }
    Ok(Some((Protocol::Http1, seen)))
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
        // WebSockets over HTTP/2 (RFC 8441).
        .enable_connect_protocol()
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    http
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        task::{Context, Poll},
    };

    use proptest::prelude::*;

    use super::*;

    /// A peer that sends its bytes in these pieces, and closes.
    struct Pieces(VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(buf.remaining()));
                buf.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    /// Returns the protocol, and all bytes that can still be read.
    fn detected(bytes: &[u8], piece: usize) -> (Option<Protocol>, Vec<u8>) {
        let mut peer = Pieces(bytes.chunks(piece).map(<[u8]>::to_vec).collect());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let detected = runtime.block_on(detect(&mut peer)).unwrap();
        let mut left = detected.as_ref().map_or_else(Vec::new, |(_, seen)| seen.left().to_vec());
        left.extend(peer.0.into_iter().flatten());
        (detected.map(|(protocol, _)| protocol), left)
    }

    proptest! {
        #[test]
        fn a_connection_is_http2_if_it_begins_with_the_preface_whatever_the_pieces(
            same in 0..=PREFACE.len(), rest: Vec<u8>, piece in 1_usize..40
        ) {
            let bytes = [&PREFACE[..same], &rest].concat();
            let expected = match &*bytes {
                [] => None,
                _ if bytes.starts_with(PREFACE) => Some(Protocol::Http2),
                _ => Some(Protocol::Http1),
            };
            prop_assert_eq!(detected(&bytes, piece), (expected, bytes));
        }
    }
}
