use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::{
    BoxError, ReplayError,
    source::{Source, lock},
};

/// The position of an attempt in a shared body.
#[derive(Debug)]
pub(super) struct Reader<B> {
    source: Arc<Mutex<Source<B>>>,
    id: u32,
    /// The number of kept frames that were read.
    frames: usize,
    /// Their length in bytes.
    size: u64,
    is_done: bool,
}

type Read = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

impl<B> Reader<B> {
    /// Adds the first attempt, which also gets a failure of the body.
    pub(super) fn first(source: &Arc<Mutex<Source<B>>>) -> Self {
        let id = lock(source).attach();
        Self { source: Arc::clone(source), id, frames: 0, size: 0, is_done: false }
    }

    /// Adds a further attempt.
    pub(super) fn attach(source: &Arc<Mutex<Source<B>>>) -> Result<Self, ReplayError> {
        // The lock is released before `first` takes it.
        let lost = lock(source).lost();
        match lost {
            Some(lost) => Err(lost),
            None => Ok(Self::first(source)),
        }
    }
}

impl<B> Reader<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Read {
        if self.is_done {
            return Poll::Ready(None);
        }
        let shared = Arc::clone(&self.source);
        let mut source = lock(&shared);
        let read = match source.frames.get(self.frames).cloned() {
            Some(data) => {
                self.frames += 1;
                self.size += data.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            None => self.poll_source(&mut source, cx),
        };
        let wakers = if read.is_ready() { source.others(self.id) } else { Vec::new() };
        drop(source);
        // A waker may drop a task, and with it another attempt, which takes the lock.
        wakers.into_iter().for_each(Waker::wake);
        let is_frame = matches!(&read, Poll::Pending | Poll::Ready(Some(Ok(_))));
        self.is_done |= !is_frame;
        read
    }

    /// Continues with the body itself.
    fn poll_source(&mut self, source: &mut Source<B>, cx: &mut Context<'_>) -> Read {
        if let Some(error) = source.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        if let Err(lost) = source.check(self.id) {
            return Poll::Ready(Some(Err(lost.into())));
        }
        if source.body.is_some() {
            return self.poll_body(source, cx);
        }
        self.is_done = true;
        Poll::Ready(source.trailers.clone().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn poll_body(&mut self, source: &mut Source<B>, cx: &mut Context<'_>) -> Read {
        let Some(body) = &mut source.body else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
            source.wait(self.id, cx.waker());
            return Poll::Pending;
        };
        match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(mut data))) => {
                let data = data.copy_to_bytes(data.remaining());
                Poll::Ready(Some(self.take(source, data)))
            }
            Some(Ok(Err(frame))) => {
                source.end(frame.into_trailers().ok());
                self.poll_source(source, cx)
            }
            Some(Err(error)) => {
                source.fail();
                Poll::Ready(Some(Err(error.into())))
            }
            None => {
                source.end(None);
                Poll::Ready(None)
            }
        }
    }

    /// Takes a frame that was read from the body.
    fn take(&mut self, source: &mut Source<B>, data: Bytes) -> Result<Frame<Bytes>, BoxError> {
        // An empty frame says nothing, and could be repeated without end.
        if !data.is_empty() && source.keep(self.id, &data)? {
            self.frames += 1;
            self.size += data.len() as u64;
        }
        Ok(Frame::data(data))
    }

    pub(super) fn is_end_stream(&self) -> bool {
        let source = lock(&self.source);
        let is_end = match source.body {
            Some(_) => source.is_end(),
            None => source.lost().is_none() && source.trailers.is_none(),
        };
        self.is_done
            || (self.frames >= source.frames.len() && source.check(self.id).is_ok() && is_end)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        if self.is_done {
            return SizeHint::with_exact(0);
        }
        let source = lock(&self.source);
        let kept = source.size.saturating_sub(self.size);
        let rest = source.rest();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(kept));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(kept)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B> Drop for Reader<B> {
    fn drop(&mut self) {
        let wakers = lock(&self.source).detach(self.id);
        wakers.into_iter().for_each(Waker::wake);
    }
}
