use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};

const CHUNK: &[u8] = &[b'x'; 1024];

/// A body of chunks with a pause before each, without a known length.
#[derive(Debug)]
pub(super) struct Upload {
    chunks: usize,
    pause: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Upload {
    pub(super) fn new(chunks: usize, pause: Duration) -> Self {
        Self { chunks, pause, sleep: Box::pin(sleep(pause)) }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.chunks == 0 {
            return Poll::Ready(None);
        }
        ready!(self.sleep.as_mut().poll(cx));
        let next = Instant::now() + self.pause;
        self.sleep.as_mut().reset(next);
        self.chunks -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(CHUNK)))))
    }
}
