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
    catch::catch,
    reading::Reading,
};

pin_project! {
    /// The future of a [`ProblemService`](crate::ProblemService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
        // Given away with the answer.
        admitted: Option<Admitted>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F, B> {
        Calling { #[pin] future: F },
        Failed { error: Option<BoxError> },
        Reading { reading: Reading<B> },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) const fn calling(admitted: Admitted, future: F) -> Self {
        Self { state: State::Calling { future }, admitted: Some(admitted) }
    }

    /// There never was a future.
    pub(crate) const fn failed(admitted: Admitted, error: BoxError) -> Self {
        Self { state: State::Failed { error: Some(error) }, admitted: Some(admitted) }
    }
}

const POLLED_AGAIN: &str = "a future is not polled after its end";

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data: From<Bytes>, Error: Into<BoxError>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let admitted = this.admitted.as_ref().expect(POLLED_AGAIN);
        loop {
            let response = match this.state.as_mut().project() {
                StateProj::Calling { future } => {
                    let next = match ready!(admitted.poll(future, cx)) {
                        Ok(response) if admitted.passes(&response) => {
                            let admitted = this.admitted.take().expect(POLLED_AGAIN);
                            return Poll::Ready(Ok(admitted.watch(response)));
                        }
                        Ok(response) => match admitted.look_into(response) {
                            Seen::Answer(response) => return Poll::Ready(Ok(response)),
                            Seen::Text(reading) => State::Reading { reading },
                        },
                        Err(error) => State::Failed { error: Some(error) },
                    };
                    // What has panicked may panic again when it is dropped.
                    let _ = catch(|| this.state.set(next));
                    continue;
                }
                StateProj::Failed { error } => admitted.failed(error.take().expect(POLLED_AGAIN)),
                StateProj::Reading { reading } => admitted.was_read(ready!(reading.poll(cx))),
            };
            return Poll::Ready(Ok(response));
        }
    }
}
