use std::sync::Arc;

use tower::{Layer, Service};

use super::{
    Contract, Target, Value,
    values::{ValueSubject, erase},
};
use crate::probe::{CallProbe, ProbeError};

/// The kind of a [`Contract`] for layers around services of any request and response.
#[derive(Debug)]
pub enum AnyService {}

impl<L: 'static> Contract<L, AnyService> {
    /// Creates a contract for the layers that `make` returns around a service of any request and response.
    ///
    /// `request` returns the request of each call, and the service returns clones of `response`. The layer must keep
    /// the inner error type, and pass the request and the response through.
    ///
    /// A layer whose service lacks a required auto trait does not compile:
    ///
    /// ```compile_fail,E0277
    /// use battlement_testkit::contract::Contract;
    /// use std::rc::Rc;
    /// use tower::util::MapRequestLayer;
    ///
    /// let not_send = Rc::new(());
    /// let make = move || {
    ///     let not_send = not_send.clone();
    ///     MapRequestLayer::new(move |request: u32| {
    ///         let _ = &not_send;
    ///         request
    ///     })
    /// };
    /// Contract::of_service(make, || 1, 2);
    /// ```
    pub fn of_service<Q, R, S>(
        make: impl Fn() -> L + 'static,
        request: impl Fn() -> Q + Send + Sync + 'static,
        response: R,
    ) -> Self
    where
        L: Layer<CallProbe<Q, R>, Service = S> + Clone + Send + Sync,
        S: Service<Q, Response = R, Error = ProbeError> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        Q: Value,
        R: Value + Clone,
    {
        Self::of_service_with_errors(make, request, response, Some)
    }

    /// Creates a contract for layers with an error type of their own around a service of any request and response.
    ///
    /// `call_error` extracts the error of the probe from an error of the service; `None` is a violation. The other
    /// arguments are those of [`of_service`](Self::of_service).
    pub fn of_service_with_errors<Q, R, S>(
        make: impl Fn() -> L + 'static,
        request: impl Fn() -> Q + Send + Sync + 'static,
        response: R,
        call_error: fn(S::Error) -> Option<ProbeError>,
    ) -> Self
    where
        L: Layer<CallProbe<Q, R>, Service = S> + Clone + Send + Sync,
        S: Service<Q, Response = R> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        Q: Value,
        R: Value + Clone,
    {
        let request = Arc::new(request);
        let target = move |layer: &Arc<L>, inspected| {
            let (layer, sent, called) = (layer.clone(), request.clone(), request.clone());
            let apply = move |probe| {
                let request = called.clone();
                erase(layer.layer(probe), move || request(), call_error)
            };
            ValueSubject::new(&CallProbe::new(response.clone()), move || sent(), apply, inspected)
        };
        Self::around(make, Target::Any(Box::new(target)))
    }
}
