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
    admitted::{Admitted, Seen},
    catch::{boxed, catch, panicked},
    found::is_error,
    reading::Reading,
};

pin_project! {
    /// The response future of a [`ProblemService`](crate::ProblemService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
        // Taken when the answer is written.
        admitted: Option<Admitted>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F, B> {
        Calling { #[pin] future: F },
        // Boxed: only errors use it, and its size would be paid by every request.
        Otherwise { otherwise: Box<Otherwise<B>> },
    }
}

#[derive(Debug)]
enum Otherwise<B> {
    Failed(BoxError),
    Reading(Reading<B>),
    Answered,
}

impl<F, B> ResponseFuture<F, B> {
    #[inline]
    pub(crate) const fn calling(admitted: Admitted, future: F) -> Self {
        Self { state: State::Calling { future }, admitted: Some(admitted) }
    }

    /// Creates a future for a call that failed before it returned one.
    #[cold]
    pub(crate) fn failed(admitted: Admitted, error: BoxError) -> Self {
        let otherwise = Box::new(Otherwise::Failed(error));
        Self { state: State::Otherwise { otherwise }, admitted: Some(admitted) }
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
        let (StateProj::Calling { future }, Some(admitted)) =
            (this.state.project(), &this.admitted)
        else {
            return self.poll_otherwise(cx);
        };
        let enabled = admitted.config.enabled;
        // Assigned inside the closure: as the closure's result it would be copied.
        let mut polled = Poll::Pending;
        if !enabled {
            polled = future.poll(cx);
        } else if let Err(caught) = catch(|| polled = future.poll(cx)) {
            return self.go_on(Err(panicked(caught).into()), cx);
        }
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(response)) if !is_error(response.status()) || !enabled => {
                let watch = this.admitted.take().map(Admitted::watch);
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, watch))))
            }
            Poll::Ready(outcome) => self.go_on(outcome.map_err(boxed), cx),
        }
    }
}

impl<F, B> ResponseFuture<F, B>
where
    B: Body<Error: Into<BoxError>>,
{
    /// Drops the service's future, which may have panicked and may panic again in `Drop`, and continues with the
    /// answer.
    #[cold]
    fn go_on(
        mut self: Pin<&mut Self>,
        outcome: Result<Response<B>, BoxError>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody<B>>, Infallible>> {
        let mut this = self.as_mut().project();
        let admitted = this.admitted.as_ref().expect(POLLED_AGAIN);
        let otherwise = match outcome.map(|response| admitted.look_into(response)) {
            Ok(Seen::Answer(response)) => return Poll::Ready(Ok(response)),
            Ok(Seen::Text(reading)) => Otherwise::Reading(reading),
            Err(error) => Otherwise::Failed(error),
        };
        let next = State::Otherwise { otherwise: Box::new(otherwise) };
        if let Err(again) = catch(|| this.state.set(next)) {
            admitted
                .reporter()
                .panicked(again, "a future of the service panicked while it was dropped");
        }
        self.poll_otherwise(cx)
    }

    #[cold]
    fn poll_otherwise(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody<B>>, Infallible>> {
        let this = self.project();
        let admitted = this.admitted.as_ref().expect(POLLED_AGAIN);
        let StateProj::Otherwise { otherwise } = this.state.project() else {
            panic!("{POLLED_AGAIN}");
        };
        if let Otherwise::Reading(reading) = &mut **otherwise {
            let read = ready!(reading.poll(cx));
            let reading = std::mem::replace(&mut **otherwise, Otherwise::Answered);
            admitted.reporter().drop(reading);
            return Poll::Ready(Ok(admitted.was_read(read)));
        }
        match std::mem::replace(&mut **otherwise, Otherwise::Answered) {
            Otherwise::Failed(error) => Poll::Ready(Ok(admitted.failed(error))),
            _ => panic!("{POLLED_AGAIN}"),
        }
    }
}
