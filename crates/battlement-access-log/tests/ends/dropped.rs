//! Requests that are dropped, or whose service panics.

use std::{
    convert::Infallible,
    fmt,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Waker},
};

use crate::log::{Log, get};
use battlement_access_log::AccessLogLayer;
use battlement_core::{DropReason, dropping};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};
use tracing_subscriber::layer::SubscriberExt;

type Nothing = Empty<Bytes>;

#[tokio::test]
async fn a_request_that_is_dropped_unpolled_or_in_flight_is_cancelled() {
    let (log, _guard) = Log::start();
    let waiting =
        || service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
    drop(AccessLogLayer::new().layer(waiting()).call(get("/unpolled")));
    {
        let mut future = pin!(AccessLogLayer::new().layer(waiting()).call(get("/polled")));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(log.outcomes(), ["cancelled", "cancelled"]);
    assert!(log.records().iter().all(|record| record.get("http.response.status_code").is_none()));
}

#[tokio::test]
async fn a_drop_has_the_reason_of_the_code_that_drops() {
    let (log, _guard) = Log::start();
    for reason in [DropReason::Timeout, DropReason::Shutdown] {
        let waiting =
            service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
        let future = AccessLogLayer::new().layer(waiting).call(get("/"));
        dropping(reason, || drop(future));
    }
    assert_eq!(log.outcomes(), ["timeout", "shutdown"]);
    assert!(log.records().iter().all(|record| record["level"] == "WARN"));
}

#[tokio::test]
async fn a_panic_of_the_call_or_of_the_future_is_an_error() {
    let (log, _guard) = Log::start();
    let panics = service_fn(
        |_: Request<Nothing>| -> std::future::Ready<Result<Response<Nothing>, Infallible>> {
            resume_unwind(Box::new("in the call"))
        },
    );
    let call = || drop(AccessLogLayer::new().layer(panics).call(get("/call")));
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    let panics = service_fn(async |_: Request<Nothing>| -> Result<Response<Nothing>, Infallible> {
        resume_unwind(Box::new("in the future"))
    });
    let future = AccessLogLayer::new().layer(panics).call(get("/future"));
    let poll = move || drop(pin!(future).poll(&mut Context::from_waker(Waker::noop())));
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert_eq!(log.outcomes(), ["panic", "panic"]);
    assert!(log.records().iter().all(|record| record["level"] == "ERROR"));
}

/// A subscriber that counts the records of cancelled requests.
struct Cancelled(Arc<AtomicU64>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Cancelled {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn fmt::Debug| {
            if field.name() == "outcome" && format!("{value:?}") == "\"cancelled\"" {
                self.0.fetch_add(1, Relaxed);
            }
        });
    }
}

#[test]
fn a_hundred_thousand_cancelled_requests_have_a_hundred_thousand_records() {
    let count = Arc::<AtomicU64>::default();
    let waiting =
        service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
    let mut service = AccessLogLayer::new().layer(waiting);
    let subscriber = tracing_subscriber::registry().with(Cancelled(Arc::clone(&count)));
    tracing::subscriber::with_default(subscriber, || {
        (0..100_000).for_each(|_| drop(service.call(get("/"))));
    });
    assert_eq!(count.load(Relaxed), 100_000);
}

/// Drops a future of the layer while a panic unwinds.
fn drop_while_unwinding(path: &str) {
    let waiting =
        service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
    let future = AccessLogLayer::new().layer(waiting).call(get(path));
    let unwind = move || {
        let _future = future;
        resume_unwind(Box::new("elsewhere"))
    };
    assert!(catch_unwind(AssertUnwindSafe(unwind)).is_err());
}

#[test]
fn a_record_is_written_without_a_runtime_and_while_a_panic_unwinds() {
    let (log, _guard) = Log::start();
    drop_while_unwinding("/");
    assert_eq!(log.outcomes(), ["cancelled"]);
}

#[test]
fn a_subscriber_that_panics_while_a_panic_unwinds_does_not_abort_the_process() {
    struct Panics;
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Panics {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            resume_unwind(Box::new("in the subscriber"))
        }
    }
    let subscriber = tracing_subscriber::registry().with(Panics);
    tracing::subscriber::with_default(subscriber, || drop_while_unwinding("/"));
}
