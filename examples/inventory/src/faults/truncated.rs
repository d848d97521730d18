use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tower::BoxError;

/// A body that may break off in the middle of its first frame of data.
#[derive(Debug, Default)]
pub(crate) struct Truncated<B> {
    body: B,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// The body does not break off.
    #[default]
    Whole,
    Start,
    /// The first half was returned, and has to be sent.
    Half,
    Broken,
}

impl<B> Truncated<B> {
    pub(crate) fn whole(body: B) -> Self {
        Self { body, state: State::Whole }
    }

    /// Breaks off, after the head of the response has announced the whole body.
    pub(crate) fn broken(body: B) -> Self {
        Self { body, state: State::Start }
    }
}

impl<B> Body for Truncated<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.state {
            State::Whole => Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into),
            State::Start => {
                let frame = ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose();
                self.state = State::Half;
                let data = frame.map_err(Into::into)?.and_then(|frame| frame.into_data().ok());
                let mut data = data.unwrap_or_default();
                data.truncate(data.len() / 2);
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            State::Half => {
                // hyper sends what it has while a body is pending, and discards it after an error.
                self.state = State::Broken;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            State::Broken => {
                Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::BrokenPipe).into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Whole) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
