use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut};
use http::response::Parts;
use http_body::Body;

use crate::{
    BoxError, Problem,
    catch::{boxed, catch, panicked},
    charset,
    found::{LONGEST_TEXT, Text},
};

/// A short body that is read to its end. Boxed: this is the way of errors alone, and every request would pay
/// for its size.
#[derive(Debug)]
pub(crate) struct Reading<B> {
    body: Pin<Box<B>>,
    parts: Option<Parts>,
    text: Text,
    bytes: Vec<u8>,
}

/// What was read.
pub(crate) struct Read {
    /// The head of the response.
    pub(crate) parts: Parts,
    /// The problem that was found in its body.
    pub(crate) problem: Problem,
    /// Why the body could not be read to its end.
    pub(crate) failure: Option<BoxError>,
    /// The body was read to its end, and its text is not UTF-8.
    pub(crate) is_unreadable: bool,
}

impl<B: Body<Error: Into<BoxError>>> Reading<B> {
    pub(crate) fn new(parts: Parts, body: B, text: Text) -> Self {
        Self { body: Box::pin(body), parts: Some(parts), text, bytes: Vec::new() }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        let end = match catch(|| self.poll_end(cx)) {
            Ok(polled) => ready!(polled),
            Err(caught) => Err(panicked(caught).into()),
        };
        let is_whole = matches!(end, Ok(true));
        let parts = self.parts.take().expect("a future is not polled after its end");
        let text = charset::text(&parts.headers, &self.bytes).filter(|_| is_whole);
        let is_unreadable = is_whole && text.is_none();
        let problem = self.text.problem(&parts, text);
        Poll::Ready(Read { parts, problem, failure: end.err(), is_unreadable })
    }

    /// Whether the body kept to the length it had said.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, BoxError>> {
        loop {
            let Some(frame) = ready!(self.body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(Ok(true));
            };
            let Ok(data) = frame.map_err(boxed)?.into_data() else { continue };
            if (self.bytes.len() + data.remaining()) as u64 > LONGEST_TEXT {
                return Poll::Ready(Ok(false));
            }
            self.bytes.put(data);
        }
    }
}
