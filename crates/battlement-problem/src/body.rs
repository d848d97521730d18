use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{self as core, RequestFacts};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{BoxError, catch::catch, config::Config, report::Reporter};

pin_project! {
    /// The body of an answer of a [`ProblemService`](crate::ProblemService).
    ///
    /// A panic or error within it is logged, and the body fails: the caller has the head already, so a
    /// stream that breaks off is the one honest sign. It never ends as if it were whole.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: core::ResponseBody<B>,
        // Absent where there is nothing to watch: the body is ours, or the layer is switched off.
        watch: Option<Watch>,
        has_failed: bool,
    }
}

#[derive(Debug)]
struct Watch {
    config: Arc<Config>,
    facts: Option<RequestFacts>,
}

impl<B> ResponseBody<B> {
    pub(crate) const fn unwatched(inner: core::ResponseBody<B>) -> Self {
        Self { inner, watch: None, has_failed: false }
    }

    pub(crate) const fn watched(body: B, config: Arc<Config>, facts: Option<RequestFacts>) -> Self {
        let watch = Watch { config, facts };
        Self { inner: core::ResponseBody::inner(body), watch: Some(watch), has_failed: false }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data: From<Bytes>, Error: Into<BoxError>>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        if *this.has_failed {
            return Poll::Ready(None);
        }
        let Some(watch) = this.watch.as_ref() else {
            return this.inner.poll_frame(cx).map_err(Into::into);
        };
        let error = match catch(|| this.inner.poll_frame(cx)) {
            Ok(Poll::Ready(Some(Err(error)))) => error.into(),
            Ok(polled) => return polled.map_err(Into::into),
            Err(panic) => panic.into(),
        };
        *this.has_failed = true;
        watch.reporter().broke_off(error.as_ref());
        Poll::Ready(Some(Err(error)))
    }

    fn is_end_stream(&self) -> bool {
        self.has_failed || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Watch {
    fn reporter(&self) -> Reporter<'_> {
        Reporter { config: &self.config, facts: self.facts.as_ref() }
    }
}
