use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{self as core, RequestFacts};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{
    BoxError,
    catch::{boxed, catch, panicked},
    chain,
    config::Config,
    report::Reporter,
};

pin_project! {
    /// The response body of a [`ProblemService`](crate::ProblemService).
    ///
    /// If it panics or fails, the failure is logged and the body returns an error. The caller already has the head, so
    /// the stream is aborted and never looks complete.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: core::ResponseBody<B>,
        // `None` if the layer created the body.
        watch: Option<Watch>,
        has_failed: bool,
        // The body of a response to HEAD: empty, and the length of the body that GET would return is unknown.
        is_unread: bool,
    }
}

#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) config: Arc<Config>,
    pub(crate) facts: Option<RequestFacts>,
}

impl<B> ResponseBody<B> {
    /// Wraps the service's body.
    #[inline]
    pub(crate) const fn new(body: B, watch: Option<Watch>) -> Self {
        Self { inner: core::ResponseBody::inner(body), watch, has_failed: false, is_unread: false }
    }

    /// Creates a body from the layer's own content.
    pub(crate) const fn own(inner: core::ResponseBody<B>) -> Self {
        Self { inner, watch: None, has_failed: false, is_unread: false }
    }

    /// Creates an empty body without a declared length.
    pub(crate) const fn unread() -> Self {
        let inner = core::ResponseBody::empty();
        Self { inner, watch: None, has_failed: false, is_unread: true }
    }
}

/// An empty body, whatever `B` is.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::own(core::ResponseBody::empty())
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data: From<Bytes>, Error: Into<BoxError>>,
{
    type Data = B::Data;
    type Error = BoxError;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        if *this.has_failed {
            return Poll::Ready(None);
        }
        let Some(watch) = this.watch.as_ref().filter(|watch| watch.config.enabled) else {
            return this.inner.poll_frame(cx).map_err(Into::into);
        };
        let error = match catch(|| this.inner.poll_frame(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(None)) => return Poll::Ready(None),
            Ok(Poll::Ready(Some(Ok(frame)))) => return Poll::Ready(Some(Ok(frame))),
            Ok(Poll::Ready(Some(Err(error)))) => boxed(error),
            Err(caught) => panicked(caught).into(),
        };
        *this.has_failed = true;
        Poll::Ready(Some(Err(watch.log(error))))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.has_failed || self.inner.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        if self.is_unread { SizeHint::default() } else { self.inner.size_hint() }
    }
}

impl Watch {
    /// Logs why the body failed, unless an inner layer has logged it.
    #[cold]
    fn log(&self, error: BoxError) -> BoxError {
        if chain::links(error.as_ref()).any(<dyn Error>::is::<Logged>) {
            return error;
        }
        let reporter = Reporter { config: &self.config, facts: self.facts.as_ref() };
        reporter.broke_off(error.as_ref());
        Box::new(Logged(error))
    }
}

/// The error of a body, after it was logged.
#[derive(Debug)]
struct Logged(BoxError);

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain::text(self.0.as_ref()))
    }
}

impl Error for Logged {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[test]
    fn the_default_body_is_empty() {
        let body = ResponseBody::<Full<Bytes>>::default();
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}
