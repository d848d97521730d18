use battlement_concurrency_limit::{ConcurrencyLimitLayer, Overloaded, Reason};
use battlement_core::{Deadline, RequestFacts};
use battlement_testkit::probe::{Probe, ProbeBody, ProbeError, Reply};
use http::{Request, Response};
use tokio::time::{Instant, advance};
use tower::{Layer, Service, ServiceExt as _};

use super::support::{Client, MILLISECOND, SECOND, poll};

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_its_turn_in_order() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let call = client.pending();
    let (mut first, mut second) = (client.pending(), client.pending());
    assert_eq!((client.in_flight(), client.queued()), (1, 2));
    drop(call);
    assert!(poll(&mut second).is_none() && poll(&mut first).is_none());
    assert_eq!((client.in_flight(), client.queued()), (1, 1));
    assert_eq!(client.probe.counts().in_flight, 1);
    drop(first);
    assert!(poll(&mut second).is_none());
    assert_eq!((client.in_flight(), client.queued()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_is_woken_and_answered() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let call = client.pending();
    let waiting = tokio::spawn(client.begin(Reply::body(ProbeBody::empty())));
    tokio::task::yield_now().await;
    assert_eq!(client.queued(), 1);
    drop(call);
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
    assert_eq!((client.in_flight(), client.queued()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_polled_keeps_no_place_beyond_its_time() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(1, SECOND).pair());
    let _call = client.pending();
    let mut forgotten = client.pending();
    advance(SECOND - MILLISECOND).await;
    assert_eq!(client.status().await, 503);
    advance(MILLISECOND).await;
    let _next = client.pending();
    assert_eq!(client.queued(), 1);
    assert_eq!(poll(&mut forgotten).unwrap().unwrap().status(), 503);
    assert_eq!(client.queued(), 1);
}

/// Returns the reason for which a layer with errors rejects the next call, and the time that it took.
async fn rejected<S, B>(service: &S, request: Request<ProbeBody>) -> (Reason, std::time::Duration)
where
    S: Service<Request<ProbeBody>, Response = Response<B>, Error = tower::BoxError> + Clone,
{
    let start = Instant::now();
    let Err(error) = service.clone().oneshot(request).await else { panic!("the call was made") };
    (error.downcast_ref::<Overloaded>().unwrap().reason(), start.elapsed())
}

fn request() -> Request<ProbeBody> {
    Request::new(ProbeBody::empty())
}

fn never() -> Probe {
    let probe = Probe::new();
    probe.always(Reply::never());
    probe
}

#[tokio::test(start_paused = true)]
async fn each_reason_ends_the_wait_of_a_call() {
    let (layer, handle) = ConcurrencyLimitLayer::fixed(1).as_error().queue(1, SECOND).pair();
    let service = layer.layer(never());
    let mut holder = service.clone();
    let _call = holder.call(request());
    assert_eq!(rejected(&service, request()).await, (Reason::QueueTimeout, SECOND));

    let within = |time| {
        let mut request = request();
        let facts = RequestFacts::of_or_start(&mut request);
        facts.set_deadline(time, time);
        request
    };
    let limited = within(400 * MILLISECOND);
    assert_eq!(rejected(&service, limited).await, (Reason::Deadline, 400 * MILLISECOND));

    let mut waiter = service.clone();
    let mut waiting = Box::pin(waiter.call(request()));
    assert!(poll(&mut waiting).is_none());
    assert_eq!(rejected(&service, request()).await, (Reason::QueueFull, std::time::Duration::ZERO));
    drop(waiting);
    assert_eq!(handle.snapshot().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_deadline_has_passed_does_not_wait() {
    let (layer, handle) = ConcurrencyLimitLayer::fixed(1).as_error().queue(1, SECOND).pair();
    let service = layer.layer(never());
    let mut holder = service.clone();
    let _call = holder.call(request());
    let deadline = Deadline::after(Instant::now(), MILLISECOND);
    advance(MILLISECOND).await;
    // The deadline of the work in which a client calls another service.
    let mut call = deadline.within(|| Box::pin(service.clone().oneshot(request())));
    let polled = deadline.within(|| poll(&mut call));
    let error = polled.expect("the call does not wait").err().unwrap();
    assert_eq!(error.downcast_ref::<Overloaded>().unwrap().reason(), Reason::Deadline);
    assert_eq!(handle.snapshot().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_a_limit_that_is_not_reached_is_not_used() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(2).queue(1, SECOND).pair());
    let _call = client.pending();
    assert_eq!((client.status().await, client.queued()), (200, 0));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_raised_admits_those_that_wait() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(4, SECOND).pair());
    let _call = client.pending();
    let mut waiting = [client.pending(), client.pending()];
    client.handle.set_limit(3);
    assert_eq!((client.in_flight(), client.queued()), (3, 0));
    for call in &mut waiting {
        assert!(poll(call).is_none());
    }
    assert_eq!(client.probe.counts().in_flight, 3);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_call_keeps_the_error_type_of_the_service() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).queue(1, SECOND).pair());
    let _call = client.pending();
    let response: Result<_, ProbeError> = client.begin(Reply::never()).await;
    assert_eq!(response.unwrap().status(), 503);
}
