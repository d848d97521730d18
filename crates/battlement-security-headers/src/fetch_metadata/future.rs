use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{Answer, Caller, Rejection, RejectionKind, ResponseBody};
use http::{HeaderValue, Response, header};
use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`FetchMetadata`](crate::FetchMetadata).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct FetchMetadataFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F> {
        Passing { #[pin] inner: F },
        Rejecting { caller: Caller },
    }
}

impl<F> FetchMetadataFuture<F> {
    pub(super) const fn passing(inner: F) -> Self {
        Self { state: State::Passing { inner } }
    }

    pub(super) const fn rejecting(caller: Caller) -> Self {
        Self { state: State::Rejecting { caller } }
    }
}

impl<F, B, E> Future for FetchMetadataFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Passing { inner } => {
                inner.poll(cx).map_ok(|response| response.map(ResponseBody::inner))
            }
            StateProj::Rejecting { caller } => Poll::Ready(Ok(rejection_response(*caller))),
        }
    }
}

const DECIDED_BY: HeaderValue =
    HeaderValue::from_static("sec-fetch-dest, sec-fetch-mode, sec-fetch-site");

fn rejection_response<B>(caller: Caller) -> Response<ResponseBody<B>> {
    let rejection = Rejection::new(RejectionKind::Forbidden);
    let answer = Answer::new(rejection).detail("pages of other sites must not send this request");
    let mut response = answer.response(caller);
    response.headers_mut().insert(header::VARY, DECIDED_BY);
    response
}
