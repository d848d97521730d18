use battlement_core::Failure;
use http::{Extensions, HeaderName, HeaderValue, Response};

use crate::fallback::outcome::reason;

/// The mark of a response that came from a fallback, in its extensions.
///
/// # Example
///
/// ```
/// use battlement_circuit_breaker::{CircuitBreakerLayer, FallbackLayer, FallbackMark};
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let stock = service_fn(async |_: Request<()>| {
///     Ok::<_, std::io::Error>(Response::new(Full::<Bytes>::from("7 in stock")))
/// });
/// let (breaker, handle) = CircuitBreakerLayer::new("inventory").pair();
/// handle.force_open();
/// let stock = FallbackLayer::value(Response::new("unknown")).layer(breaker.layer(stock));
/// let response = stock.oneshot(Request::new(())).await.unwrap();
/// assert_eq!(FallbackMark::of(&response).unwrap().reason(), "circuit_open");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FallbackMark {
    failure: Failure,
}

pub(super) const HEADER: HeaderName = HeaderName::from_static("battlement-fallback");

impl FallbackMark {
    pub(super) const fn new(failure: Failure) -> Self {
        Self { failure }
    }

    /// Returns the mark of a response, if it came from a fallback.
    #[must_use]
    pub fn of<B>(response: &Response<B>) -> Option<Self> {
        Self::in_extensions(response.extensions())
    }

    /// Returns the mark of the response with these extensions, which may be of another type than that of `http`.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }

    /// Returns the failure of the call.
    #[must_use]
    pub const fn failure(self) -> Failure {
        self.failure
    }

    /// Returns the reason, as in the header `battlement-fallback` and in metrics: the kind of a rejection, such as
    /// `circuit_open`, or else the class of the failure, such as `timeout`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        reason(self.failure)
    }

    pub(super) const fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.reason())
    }
}
