use std::{convert::Infallible, future::pending, time::Duration};

use battlement_shutdown::{Phase, Report, Shutdown};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::task::{JoinHandle, yield_now};
use tower::{Layer, Service, ServiceExt, service_fn};

pub(crate) type Body = Full<Bytes>;

/// The time of each phase.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Creates a shutdown whose phases take a second each.
pub(crate) fn shutdown() -> Shutdown {
    Shutdown::without_signals().delay(SECOND).linger(SECOND).drain(SECOND)
}

/// Runs a shutdown until `phase`. Its server never ends.
pub(crate) async fn running(shutdown: Shutdown, phase: Phase) -> JoinHandle<Report> {
    let phases = shutdown.phases();
    shutdown.handle().trigger("a test");
    let run = tokio::spawn(async move { shutdown.run(pending::<()>()).await });
    phases.reached(phase).await;
    run
}

/// Waits until `count` pieces of work are in flight.
pub(crate) async fn in_flight(shutdown: &Shutdown, count: u64) {
    let in_flight = shutdown.handle().in_flight();
    while in_flight.counts().iter().map(|(_, count)| count).sum::<u64>() != count {
        yield_now().await;
    }
}

/// Creates a service that answers with `response`.
pub(crate) fn answers<B: Clone + Send + 'static>(
    response: Response<B>,
) -> impl Service<
    Request<Body>,
    Response = Response<B>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<B>, Infallible>> + Send,
> + Clone {
    service_fn(move |_| std::future::ready(Ok(response.clone())))
}

/// Creates a service that never answers.
pub(crate) fn hangs() -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send,
> + Clone {
    service_fn(|_| pending::<Result<Response<Body>, Infallible>>())
}

pub(crate) fn get() -> Request<Body> {
    Request::get("/").body(Body::default()).unwrap()
}

pub(crate) fn grpc() -> Request<Body> {
    let request = Request::post("/shop.Orders/Place").version(http::Version::HTTP_2);
    request.header("content-type", "application/grpc").body(Body::default()).unwrap()
}

/// Sends `request` to a service that answers with `response` inside the layer, and returns the head.
pub(crate) async fn head(
    shutdown: &Shutdown,
    request: Request<Body>,
    response: Response<Body>,
) -> Response<()> {
    let service = shutdown.layer().layer(answers(response));
    service.oneshot(request).await.unwrap().map(drop)
}
