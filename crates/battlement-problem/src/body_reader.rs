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
    existing::{LONGEST_TEXT, Text},
};

/// A short body that is read to its end. Boxed: only errors use it, and its size would be paid by every request.
#[derive(Debug)]
pub(crate) struct BodyReader<B> {
    body: Pin<Box<B>>,
    parts: Option<Parts>,
    text: Text,
    bytes: Vec<u8>,
}

/// The result of reading a short body.
pub(crate) struct ReadBody {
    /// The head of the response.
    pub(crate) parts: Parts,
    /// The problem that the body contained.
    pub(crate) problem: Problem,
    /// Why the body could not be read to its end.
    pub(crate) failure: Option<BoxError>,
    /// The body was read to its end, and its text is not UTF-8.
    pub(crate) is_unreadable: bool,
}

impl<B: Body<Error: Into<BoxError>>> BodyReader<B> {
    pub(crate) fn new(parts: Parts, body: B, text: Text) -> Self {
        Self { body: Box::pin(body), parts: Some(parts), text, bytes: Vec::new() }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ReadBody> {
        let end = match catch(|| self.poll_end(cx)) {
            Ok(polled) => ready!(polled),
            Err(caught) => Err(panicked(caught).into()),
        };
        let is_whole = matches!(end, Ok(true));
        let parts = self.parts.take().expect("`ResponseFuture` polled after completion");
        let text = charset::text(&parts.headers, &self.bytes).filter(|_| is_whole);
        let is_unreadable = is_whole && text.is_none();
        let problem = self.text.problem(&parts, text);
        Poll::Ready(ReadBody { parts, problem, failure: end.err(), is_unreadable })
    }

    /// Reads to the end, and returns whether the body had its declared length.
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
