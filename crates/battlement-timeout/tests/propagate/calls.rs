//! Calls that record the headers they were made with.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_timeout::{Deadline, PropagateDeadlineLayer};
use http::{HeaderMap, Request, Response};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _, service_fn};

pub(crate) const HTTP: &str = "x-request-timeout-ms";
pub(crate) const GRPC: &str = "grpc-timeout";

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Returns a deadline this many milliseconds from now.
pub(crate) fn deadline(millis: u64) -> Deadline {
    Deadline::after(Instant::now(), ms(millis))
}

/// Runs a future with a deadline that is current at each poll, as in the handler of a request.
pub(crate) async fn within<F: Future>(deadline: Deadline, future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| deadline.within(|| future.as_mut().poll(cx))).await
}

/// The response to a call, and the headers that it was sent with, if it was made.
pub(crate) struct Made {
    pub(crate) response: Response<()>,
    pub(crate) sent: Option<HeaderMap>,
}

impl Made {
    /// Returns the lines of a header that was sent.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        let sent = self.sent.as_ref().expect("the call was made");
        sent.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// Makes a call through `layer`, to a service that answers at once.
pub(crate) async fn call(layer: &PropagateDeadlineLayer, request: Request<()>) -> Made {
    let sent = Arc::new(Mutex::new(None));
    let record = Arc::clone(&sent);
    let client = service_fn(move |request: Request<()>| {
        *record.lock().unwrap() = Some(request.headers().clone());
        async { Ok::<_, Infallible>(Response::new(String::new())) }
    });
    let response = layer.layer(client).oneshot(request).await.unwrap().map(|_| ());
    let sent = sent.lock().unwrap().take();
    Made { response, sent }
}

/// Returns a gRPC call.
pub(crate) fn grpc() -> Request<()> {
    Request::post("/").header("content-type", "application/grpc+proto").body(()).unwrap()
}
