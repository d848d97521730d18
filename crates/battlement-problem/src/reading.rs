use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut};
use http::response::Parts;
use http_body::Body;

use crate::{
    BoxError, Problem,
    catch::{catch, panicked},
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
}

impl<B: Body<Error: Into<BoxError>>> Reading<B> {
    pub(crate) fn new(parts: Parts, body: B, text: Text) -> Self {
        Self { body: Box::pin(body), parts: Some(parts), text, bytes: Vec::new() }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        let end = ready!(self.poll_end(cx));
        let text = match end {
            Ok(true) => str::from_utf8(&self.bytes).ok(),
            _ => None,
        };
        let parts = self.parts.take().expect("a future is not polled after its end");
        let problem = self.text.problem(&parts, text);
        Poll::Ready(Read { parts, problem, failure: end.err() })
    }

    /// Whether the body kept to the length it had said.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, BoxError>> {
        loop {
            let frame = match catch(|| self.body.as_mut().poll_frame(cx)) {
                Ok(polled) => match ready!(polled) {
                    Some(frame) => frame.map_err(Into::into)?,
                    None => return Poll::Ready(Ok(true)),
                },
                Err(caught) => return Poll::Ready(Err(panicked(caught).into())),
            };
            let Ok(data) = frame.into_data() else { continue };
            if (self.bytes.len() + data.remaining()) as u64 > LONGEST_TEXT {
                return Poll::Ready(Ok(false));
            }
            self.bytes.put(data);
        }
    }
}
