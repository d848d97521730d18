use std::sync::Arc;

use battlement_core::{AsIs, Classify, Failure, RequestHead, WithError, WithResponse};
use bytes::Bytes;
use http::{Extensions, Response};

use super::{config::HttpConfig, kind::HttpFallback, of_head::OfHead};
use crate::{
    FallbackLayer,
    fallback::source::{AtOnce, ToService, Value},
    http::Classifier,
};

impl FallbackLayer<HttpFallback<AtOnce<Value<Response<Bytes>>>>> {
    /// Creates a layer that answers a failed call with a copy of `response`.
    #[must_use]
    pub fn value(response: Response<impl Into<Bytes>>) -> Self {
        Self::http(AtOnce(Value(Arc::new(response.map(Into::into)))))
    }
}

impl<C, T> FallbackLayer<HttpFallback<AtOnce<OfHead<C, T>>>>
where
    C: Fn(&RequestHead<'_>, Failure) -> Option<Response<T>>,
    T: Into<Bytes>,
{
    /// Creates a layer that answers a failed call with the response of `closure`, which gets the head of the request and
    /// the failure. If the closure returns `None`, the first failure goes back.
    ///
    /// The head of each request is copied, for the closure.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_circuit_breaker::FallbackLayer;
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::{BodyExt, Full};
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let down = service_fn(async |_: Request<()>| {
    ///     let refused = std::io::ErrorKind::ConnectionRefused;
    ///     Err::<Response<Full<Bytes>>, _>(std::io::Error::from(refused))
    /// });
    /// let names = FallbackLayer::closure(|head, _| match head.method.is_safe() {
    ///     true => Some(Response::new(format!("{} is not known", head.uri.path()))),
    ///     false => None,
    /// });
    /// let names = names.layer(down);
    /// let response = names.clone().oneshot(Request::get("/7").body(()).unwrap()).await.unwrap();
    /// assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "/7 is not known");
    /// assert!(names.oneshot(Request::delete("/7").body(()).unwrap()).await.is_err());
    /// # }
    /// ```
    #[must_use]
    pub fn closure(closure: C) -> Self {
        Self::http(AtOnce(OfHead::new(closure)))
    }
}

impl<F> FallbackLayer<HttpFallback<ToService<F, AsIs>>> {
    /// Creates a layer that sends the request of a failed call to `service`. If that call fails too, the first failure
    /// goes back.
    ///
    /// Both services take requests with a [`ReplayBody`](crate::ReplayBody), as hyper-util's client does, or those of
    /// reqwest. The body of the request is kept up to the [replay limit](Self::replay_limit), and `service` is cloned
    /// for each call.
    #[must_use]
    pub fn service(service: F) -> Self {
        Self::http(ToService::new(service))
    }
}

#[cfg(feature = "tonic")]
impl<F> FallbackLayer<HttpFallback<ToService<F, battlement_core::AsTonic>>> {
    /// Creates a layer as [`service`](FallbackLayer::service) around a tonic channel, which takes requests with tonic's
    /// body.
    #[must_use]
    pub fn tonic_service(service: F) -> Self {
        Self::http(ToService::new(service))
    }
}

impl<F> FallbackLayer<HttpFallback<F>> {
    fn http(source: F) -> Self {
        Self::of(HttpFallback::new(source, Arc::default()))
    }
}

impl<F> FallbackLayer<HttpFallback<F, WithResponse>> {
    /// Returns errors as boxed ones, as tower's layers do, for an inner service with such errors.
    #[must_use]
    pub fn as_error(self) -> FallbackLayer<HttpFallback<F, WithError>> {
        self.map(HttpFallback::form)
    }
}

impl<F, A> FallbackLayer<HttpFallback<F, A>> {
    /// Sets the classifier of responses and errors. Default: [`Auto`](battlement_core::Auto), by the status of HTTP or
    /// gRPC.
    ///
    /// A call is judged by its error or by the head of its response. A gRPC call that fails in its trailers has no
    /// fallback, because its head has gone back to the caller.
    #[must_use]
    pub fn classify(self, classify: impl Classify + Send + Sync + 'static) -> Self {
        let classifier = Classifier::new(classify);
        self.configure_http(|config| config.classifier = classifier)
    }

    /// Sets whether the response of a fallback has the header `battlement-fallback` with the
    /// [reason](crate::FallbackMark::reason), such as `circuit_open`. Default: no.
    #[must_use]
    pub fn header(self, is_written: bool) -> Self {
        self.configure_http(|config| config.header = is_written)
    }

    /// Sets a closure that copies extensions of the request to those of the copy that the fallback gets.
    ///
    /// Without it, the copy has the [`RequestFacts`](battlement_core::RequestFacts), the
    /// [`CallFacts`](battlement_core::CallFacts) and the [`PeerAddr`](battlement_core::PeerAddr) alone: an upgrade, or a
    /// handle that cancels the request, must not be used twice.
    #[must_use]
    pub fn copy_extensions<C>(self, copy: C) -> Self
    where
        C: Fn(&Extensions, &mut Extensions) + Send + Sync + 'static,
    {
        self.configure_http(|config| config.copy = Some(Arc::new(copy)))
    }

    pub(in crate::fallback) fn configure_http(self, change: impl FnOnce(&mut HttpConfig)) -> Self {
        self.map(|kind| kind.configure(change))
    }
}

impl<F, W, A> FallbackLayer<HttpFallback<ToService<F, W>, A>> {
    /// Sets the most bytes of a request body that are kept for the fallback. A request with a longer one has no
    /// fallback. Default: 64 KiB.
    #[must_use]
    pub fn replay_limit(self, bytes: u64) -> Self {
        self.configure_http(|config| config.replay_limit = bytes)
    }
}
