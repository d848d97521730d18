use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{
    BoxError, ResponseBody,
    body_reader::BodyReader,
    call_context::{CallContext, Inspected},
    catch::{boxed, catch, panicked},
    existing::is_error,
};

pin_project! {
    /// The response future of a [`ProblemService`](crate::ProblemService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
        // Taken when the response is written.
        context: Option<CallContext>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F, B> {
        Calling { #[pin] future: F },
        // Boxed: only errors use it, and its size would be paid by every request.
        Fallback { fallback: Box<Fallback<B>> },
    }
}

#[derive(Debug)]
enum Fallback<B> {
    Failed(BoxError),
    Reader(BodyReader<B>),
    Answered,
}

impl<F, B> ResponseFuture<F, B> {
    #[inline]
    pub(crate) const fn calling(context: CallContext, future: F) -> Self {
        Self { state: State::Calling { future }, context: Some(context) }
    }

    /// Creates a future for a call that failed before it returned one.
    #[cold]
    pub(crate) fn failed(context: CallContext, error: BoxError) -> Self {
        let fallback = Box::new(Fallback::Failed(error));
        Self { state: State::Fallback { fallback }, context: Some(context) }
    }
}

const POLLED_AGAIN: &str = "`ResponseFuture` polled after completion";

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data: From<Bytes>, Error: Into<BoxError>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<B>>, Infallible>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        let (StateProj::Calling { future }, Some(context)) = (this.state.project(), &this.context)
        else {
            return self.poll_fallback(cx);
        };
        let enabled = context.config.enabled;
        // Assigned inside the closure: as the closure's result it would be copied.
        let mut polled = Poll::Pending;
        if !enabled {
            polled = future.poll(cx);
        } else if let Err(caught) = catch(|| polled = future.poll(cx)) {
            return self.fall_back(Err(panicked(caught).into()), cx);
        }
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(response)) if !is_error(response.status()) || !enabled => {
                let watch = this.context.take().map(CallContext::watch);
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, watch))))
            }
            Poll::Ready(outcome) => self.fall_back(outcome.map_err(boxed), cx),
        }
    }
}

impl<F, B> ResponseFuture<F, B>
where
    B: Body<Error: Into<BoxError>>,
{
    /// Drops the service's future, which may have panicked and may panic again in `Drop`, and continues with the
    /// response.
    #[cold]
    fn fall_back(
        mut self: Pin<&mut Self>,
        outcome: Result<Response<B>, BoxError>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody<B>>, Infallible>> {
        let mut this = self.as_mut().project();
        let context = this.context.as_ref().expect(POLLED_AGAIN);
        let fallback = match outcome.map(|response| context.inspect(response)) {
            Ok(Inspected::Answer(response)) => return Poll::Ready(Ok(response)),
            Ok(Inspected::Text(reading)) => Fallback::Reader(reading),
            Err(error) => Fallback::Failed(error),
        };
        let next = State::Fallback { fallback: Box::new(fallback) };
        if let Err(again) = catch(|| this.state.set(next)) {
            context
                .reporter()
                .panicked(again, "a future of the service panicked while it was dropped");
        }
        self.poll_fallback(cx)
    }

    #[cold]
    fn poll_fallback(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody<B>>, Infallible>> {
        let this = self.project();
        let context = this.context.as_ref().expect(POLLED_AGAIN);
        let StateProj::Fallback { fallback } = this.state.project() else {
            panic!("{POLLED_AGAIN}");
        };
        if let Fallback::Reader(reading) = &mut **fallback {
            let read = ready!(reading.poll(cx));
            let reading = std::mem::replace(&mut **fallback, Fallback::Answered);
            context.reporter().drop(reading);
            return Poll::Ready(Ok(context.answer_read(read)));
        }
        match std::mem::replace(&mut **fallback, Fallback::Answered) {
            Fallback::Failed(error) => Poll::Ready(Ok(context.failed(error))),
            _ => panic!("{POLLED_AGAIN}"),
        }
    }
}
