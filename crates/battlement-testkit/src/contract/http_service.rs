use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::{Layer, Service};

use super::{
    Contract, Target,
    over_http::{HttpTarget, erase},
};
use crate::probe::{Probe, ProbeBody, ProbeError};

/// The kind of a [`Contract`] for layers around HTTP services.
#[derive(Debug)]
pub enum Http {}

impl<L: 'static> Contract<L, Http> {
    /// Creates a contract for the layers that `make` returns around HTTP services, which must keep the inner error
    /// types.
    ///
    /// A layer whose service or future lacks a required auto trait does not compile:
    ///
    /// ```compile_fail,E0277
    /// use battlement_testkit::contract::Contract;
    /// use std::rc::Rc;
    /// use tower::util::MapRequestLayer;
    ///
    /// let not_send = Rc::new(());
    /// Contract::new(move || {
    ///     let not_send = not_send.clone();
    ///     MapRequestLayer::new(move |request| {
    ///         let _ = &not_send;
    ///         request
    ///     })
    /// });
    /// ```
    ///
    /// ```compile_fail,E0277
    /// use battlement_testkit::{contract::Contract, probe::{Probe, ProbeFuture}};
    /// use std::pin::Pin;
    /// use tower::{layer::layer_fn, util::MapFuture};
    ///
    /// type NotSend = Pin<Box<dyn Future<Output = <ProbeFuture as Future>::Output>>>;
    /// let boxed = |future: ProbeFuture| -> NotSend { Box::pin(future) };
    /// Contract::new(move || layer_fn(move |inner: Probe| MapFuture::new(inner, boxed)));
    /// ```
    pub fn new<S, B>(make: impl Fn() -> L + 'static) -> Self
    where
        L: Layer<Probe, Service = S> + Clone + Send + Sync,
        S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes, Error = ProbeError> + Send + 'static,
    {
        Self::with_errors(make, Some, Some)
    }

    /// Creates a contract for layers around HTTP services, with error types of their own.
    ///
    /// `call_error` and `body_error` extract the error of the probe from an error of the service and of its body;
    /// `None` is a violation.
    pub fn with_errors<S, B>(
        make: impl Fn() -> L + 'static,
        call_error: fn(S::Error) -> Option<ProbeError>,
        body_error: fn(B::Error) -> Option<ProbeError>,
    ) -> Self
    where
        L: Layer<Probe, Service = S> + Clone + Send + Sync,
        S: Service<Request<ProbeBody>, Response = Response<B>>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
    {
        let apply = move |layer: &L, probe| erase(layer.layer(probe), call_error, body_error);
        Self::around(make, Target::Http(HttpTarget::new(Arc::new(apply))))
    }

    /// Sets a function that prepares every request of the suite, so that the layer has work to do.
    #[must_use]
    pub fn prepare(
        mut self,
        request: impl Fn(&mut Request<ProbeBody>) + Send + Sync + 'static,
    ) -> Self {
        if let Target::Http(target) = &mut self.target {
            target.prepare = Arc::new(request);
        }
        self
    }

    /// Declares that the layer rejects every call of the suite. Only the rule about rejections is checked,
    /// [`UnreadBodyCloses`](super::Rule::UnreadBodyCloses), and a call that reaches the service is a violation.
    #[must_use]
    pub fn rejects(mut self) -> Self {
        self.rejects = true;
        self
    }
}
