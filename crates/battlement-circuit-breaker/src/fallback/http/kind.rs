use std::{fmt, marker::PhantomData, sync::Arc};

use battlement_core::{Classify, Failure, Head, Judgment, WithResponse};
use http::{Extensions, HeaderMap, Request, Response};

use super::{
    config::HttpConfig,
    mark::{FallbackMark, HEADER},
};
use crate::{
    HttpForm,
    fallback::{any::failure, fall_back::Sends, source::AtOnce},
};

/// The kind of calls of HTTP and gRPC that fall back to `F`.
///
/// `A` is the form of the results.
pub struct HttpFallback<F, A = WithResponse> {
    pub(super) source: F,
    pub(super) config: Arc<HttpConfig>,
    form: PhantomData<fn() -> A>,
}

impl<F, A> HttpFallback<F, A> {
    pub(super) const fn new(source: F, config: Arc<HttpConfig>) -> Self {
        Self { source, config, form: PhantomData }
    }

    /// Changes the form of the results.
    pub(super) fn form<T>(self) -> HttpFallback<F, T> {
        HttpFallback::new(self.source, self.config)
    }

    pub(in crate::fallback) fn configure(mut self, change: impl FnOnce(&mut HttpConfig)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Returns the failure of a call that failed, by its error or by the head of its response.
    pub(super) fn judge<Req, Res, E>(&self, result: Result<Head<'_>, &A::Error>) -> Option<Failure>
    where
        A: HttpForm<Req, Res, E>,
    {
        match result {
            Ok(head) => self.judge_head(&head),
            Err(error) => failure(self.config.classifier.error(A::view(error))),
        }
    }

    /// Returns the failure that the head of a response shows. A failure in the trailers comes too late.
    pub(super) fn judge_head(&self, head: &Head<'_>) -> Option<Failure> {
        match self.config.classifier.head(head) {
            Judgment::Now(verdict) => failure(verdict),
            Judgment::AtEnd => None,
        }
    }

    /// Marks a response.
    pub(super) fn mark_head(
        &self,
        headers: &mut HeaderMap,
        extensions: &mut Extensions,
        failure: Failure,
    ) {
        let mark = FallbackMark::new(failure);
        extensions.insert(mark);
        if self.config.header {
            headers.insert(HEADER, mark.header());
        }
    }

    /// Marks a response of `http`.
    pub(super) fn mark_response<B>(&self, response: &mut Response<B>, failure: Failure) {
        let mut extensions = std::mem::take(response.extensions_mut());
        self.mark_head(response.headers_mut(), &mut extensions, failure);
        *response.extensions_mut() = extensions;
    }
}

impl<F, A, B> Sends<Request<B>> for HttpFallback<AtOnce<F>, A> {
    type Sent = Request<B>;
}

impl<F: Clone, A> Clone for HttpFallback<F, A> {
    fn clone(&self) -> Self {
        Self::new(self.source.clone(), Arc::clone(&self.config))
    }
}

impl<F: fmt::Debug, A> fmt::Debug for HttpFallback<F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpFallback").field(&self.source).field(&self.config).finish()
    }
}
