use std::{
    convert::Infallible,
    future::pending,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{
    Deadline, DropReason, Rejection, RejectionKind, RequestFacts, carry, dropping,
};
use battlement_timeout::{
    DeadlineLayer, DeadlineOverride, Elapsed, ElapsedKind, Observe, TimeoutHeader,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{Layer, Service as _, ServiceBuilder, ServiceExt, service_fn};
use tracing_subscriber::fmt::MakeWriter;

use crate::served::{MS, get, grpc, serve};

/// The lines that were logged on this thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn start(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(self.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

async fn hang(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_too_slow_gets_a_504_and_one_event() {
    let log = Log::default();
    let _guard = log.start();
    let (response, took) = serve(&DeadlineLayer::new(), get(&[]), 90_000 * MS).await;
    assert_eq!((response.status().as_u16(), took), (504, 30_000 * MS));
    assert_eq!(response.extensions().get(), Some(&Rejection::new(RejectionKind::Timeout)));
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("the deadline of the request passed after 30s"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_request_in_time_logs_nothing() {
    let log = Log::default();
    let _guard = log.start();
    assert_eq!(serve(&DeadlineLayer::new(), get(&[]), 30_000 * MS).await.0.status(), 200);
    assert_eq!(log.text(), "");
}

#[tokio::test(start_paused = true)]
async fn a_request_with_no_time_left_logs_nothing() {
    let log = Log::default();
    let _guard = log.start();
    let (response, _) = serve(&DeadlineLayer::new(), grpc(&["0m"]), MS).await;
    assert_eq!(response.headers()["grpc-status"], "4");
    assert_eq!(log.text(), "");
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_gets_deadline_exceeded() {
    let (response, took) = serve(&DeadlineLayer::new(), grpc(&["200m"]), 90_000 * MS).await;
    assert_eq!((response.status().as_u16(), took), (200, 200 * MS));
    assert_eq!(response.headers()["grpc-status"], "4");
}

#[tokio::test(start_paused = true)]
async fn a_request_with_no_time_left_does_not_reach_the_service() {
    let never = service_fn(|_: Request<()>| async {
        panic!("the service is not called");
        #[expect(unreachable_code, reason = "the type of the result")]
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let layer = DeadlineLayer::new().header(TimeoutHeader::default()).trust(|_| true);
    let request = get(&[("x-request-timeout-ms", "0")]);
    let response = layer.layer(never).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 504);
    let expected = Rejection::new(RejectionKind::DeadlineExceeded);
    assert_eq!(response.extensions().get(), Some(&expected));
    let response = layer.layer(never).oneshot(grpc(&["0n"])).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "4");
    let mut late = get(&[]);
    RequestFacts::of_or_start(&mut late);
    sleep(30_000 * MS).await;
    assert_eq!(layer.layer(never).oneshot(late).await.unwrap().status(), 504);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_a_route_moves_expires_at_the_new_time() {
    for (moved, expected) in [(5, 5), (45_000, 45_000), (90_000, 60_000)] {
        let layers = (DeadlineLayer::new(), DeadlineOverride::new(moved * MS));
        let service = ServiceBuilder::new().layer(layers).service_fn(hang);
        let start = Instant::now();
        assert_eq!(service.oneshot(get(&[])).await.unwrap().status(), 504);
        assert_eq!(start.elapsed(), expected * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_a_handler_moves_after_the_timer_was_set_expires_at_the_new_time() {
    for (moved, expected) in [(20_000, 20_000), (45_000, 45_000)] {
        let handler = service_fn(move |_: Request<()>| async move {
            sleep(10_000 * MS).await;
            RequestFacts::current().unwrap().move_deadline(moved * MS);
            pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        });
        let start = Instant::now();
        let response = DeadlineLayer::new().layer(handler).oneshot(get(&[])).await.unwrap();
        assert_eq!((response.status().as_u16(), start.elapsed()), (504, expected * MS));
    }
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_keeps_the_deadline() {
    let handler = service_fn(async |_: Request<()>| {
        let task = tokio::spawn(carry(async { Deadline::current().unwrap().remaining() }));
        Ok::<_, Infallible>(Response::new(format!("{:?}", task.await.unwrap())))
    });
    let response = DeadlineLayer::new().layer(handler).oneshot(get(&[])).await.unwrap();
    use http_body_util::BodyExt as _;
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "30s");
}

/// Why a value was dropped, and whether facts were current.
type Dropped = (Option<DropReason>, bool);

struct Watched(Arc<Mutex<Option<Dropped>>>);

impl Drop for Watched {
    fn drop(&mut self) {
        let seen = (DropReason::current(), RequestFacts::current().is_some());
        *self.0.lock().unwrap() = Some(seen);
    }
}

/// Returns what the work of a request saw when it was dropped.
async fn dropped(limit: Duration) -> Dropped {
    let seen = Arc::new(Mutex::new(None));
    let inner = Arc::clone(&seen);
    let handler = service_fn(move |_: Request<()>| {
        let watched = Watched(Arc::clone(&inner));
        async move {
            let _watched = watched;
            pending::<Result<Response<Full<Bytes>>, Infallible>>().await
        }
    });
    let call = DeadlineLayer::new().layer(handler).oneshot(get(&[]));
    let _ = tokio::time::timeout(limit, call).await;
    let seen = *seen.lock().unwrap();
    seen.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_work_of_an_expired_request_reads_the_reason_and_its_facts() {
    assert_eq!(dropped(90_000 * MS).await, (Some(DropReason::Timeout), true));
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_request_whose_caller_left_has_its_facts_and_no_reason() {
    assert_eq!(dropped(10 * MS).await, (None, true));
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_request_whose_caller_left_at_the_deadline_has_timed_out() {
    assert_eq!(dropped(29_994 * MS).await, (None, true));
    assert_eq!(dropped(29_995 * MS).await, (Some(DropReason::Timeout), true));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_drops_a_request_at_the_deadline_remains_a_shutdown() {
    let seen = Arc::new(Mutex::new(None));
    let watched = Watched(Arc::clone(&seen));
    let handler = service_fn(move |_: Request<()>| {
        let watched = Watched(Arc::clone(&watched.0));
        async move {
            let _watched = watched;
            hang(Request::new(())).await
        }
    });
    let mut call = Box::pin(DeadlineLayer::new().layer(handler).oneshot(get(&[])));
    let _ = tokio::time::timeout(29_999 * MS, &mut call).await;
    dropping(DropReason::Shutdown, || drop(call));
    assert_eq!(*seen.lock().unwrap(), Some((Some(DropReason::Shutdown), true)));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_answered_has_not_timed_out_if_its_future_is_dropped_after_the_deadline()
{
    let mut request = get(&[]);
    let facts = RequestFacts::of_or_start(&mut request);
    let handler =
        async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()));
    let mut call = Box::pin(DeadlineLayer::new().layer(service_fn(handler)).call(request));
    assert_eq!(call.as_mut().await.unwrap().status(), 200);
    sleep(60_000 * MS).await;
    drop(call);
    assert_eq!(facts.drop_reason(), DropReason::Cancelled);
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observe for Seen {
    fn expired(&self, kind: ElapsedKind) {
        self.0.lock().unwrap().push(kind.as_str().to_owned());
    }

    fn arrived(&self, left: Duration) {
        self.0.lock().unwrap().push(format!("{left:?} left"));
    }

    fn not_called(&self) {
        self.0.lock().unwrap().push("not called".to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_sees_arrivals_expiries_and_requests_that_were_not_made() {
    let seen = Arc::new(Seen::default());
    let layer = DeadlineLayer::new().observe(Arc::clone(&seen));
    serve(&layer, get(&[]), MS).await;
    serve(&layer, grpc(&["5m"]), 10 * MS).await;
    serve(&layer, grpc(&["0m"]), MS).await;
    let expected = ["30s left", "5ms left", "deadline", "0ns left", "not called"];
    assert_eq!(*seen.0.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn as_an_error_an_expired_request_is_found_by_downcast() {
    let service = DeadlineLayer::new().as_error().layer(service_fn(hang));
    let error = service.oneshot(get(&[])).await.unwrap_err();
    let elapsed = error.downcast_ref::<Elapsed>().unwrap();
    assert_eq!((elapsed.kind(), elapsed.after()), (ElapsedKind::Deadline, 30_000 * MS));
    assert_eq!(Rejection::find(error.as_ref()).unwrap().kind(), RejectionKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_sets_no_deadline() {
    let layer = DeadlineLayer::new().enabled(false);
    let (response, took) = serve(&layer, get(&[]), 90_000 * MS).await;
    assert_eq!((response.status().as_u16(), took), (200, 90_000 * MS));
}

#[tokio::test]
async fn a_request_with_no_time_left_closes_its_connection_only_if_its_body_is_large() {
    let layer = DeadlineLayer::new().header(TimeoutHeader::default()).trust(|_| true);
    for (length, closes) in [("300", false), ("60000", true)] {
        let mut request = get(&[("x-request-timeout-ms", "0"), ("content-length", length)]);
        *request.method_mut() = http::Method::POST;
        let (response, _) = serve(&layer, request, MS).await;
        assert_eq!(response.status(), 504);
        assert_eq!(response.headers().contains_key("connection"), closes, "{length}");
    }
}

#[test]
#[should_panic(expected = "DeadlineLayer: max: must be greater than zero")]
fn a_maximum_of_zero_panics_by_name() {
    let _ = DeadlineLayer::new().max(Duration::ZERO);
}
