//! Tests of the probe: its replies and its record.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
};

use battlement_testkit::probe::{Gate, Misuse, Probe, ProbeBody, ProbeError, Reply, RequestBody};
use http::{Request, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task::spawn};
use tower::{Service, ServiceExt as _};

const ERROR: ProbeError = ProbeError::new("an error");

fn request() -> Request<ProbeBody> {
    Request::default()
}

async fn ready(probe: &mut Probe) -> Result<(), ProbeError> {
    poll_fn(|cx| Service::<Request<ProbeBody>>::poll_ready(probe, cx)).await
}

#[tokio::test]
async fn scripted_replies_are_used_in_order_before_the_default_reply() {
    let probe = Probe::new();
    probe.next(Reply::status(StatusCode::ACCEPTED));
    probe.next(Reply::error(ERROR));
    probe.always(Reply::status(StatusCode::GONE));
    let call = || probe.clone().oneshot(request());
    assert_eq!(call().await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(call().await.unwrap_err(), ERROR);
    assert_eq!(call().await.unwrap().status(), StatusCode::GONE);
    assert_eq!(call().await.unwrap().status(), StatusCode::GONE);
    assert_eq!(probe.counts().calls, 4);
    assert_eq!(probe.misuses(), []);
}

#[tokio::test]
async fn a_call_is_in_flight_until_its_body_is_dropped() {
    let probe = Probe::new();
    let first = probe.clone().oneshot(request()).await.unwrap();
    let second = probe.clone().oneshot(request()).await.unwrap();
    assert_eq!(probe.counts().futures, 0);
    assert_eq!(probe.counts().in_flight, 2);
    drop((first, second));
    assert_eq!(probe.counts().in_flight, 0);
    assert_eq!(probe.counts().peak, 2);
}

#[tokio::test]
async fn a_future_dropped_before_completion_counts_as_cancelled() {
    let mut probe = Probe::new();
    ready(&mut probe).await.unwrap();
    drop(probe.call(request()));
    assert_eq!(probe.counts().cancelled, 1);
    assert_eq!(probe.counts().in_flight, 0);
}

#[tokio::test]
async fn a_body_dropped_before_its_last_frame_is_counted() {
    let probe = Probe::new();
    probe.always(Reply::body(ProbeBody::from("one").data("two")));
    let mut body = probe.clone().oneshot(request()).await.unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(probe.counts().cancelled_bodies, 1);

    let body = probe.clone().oneshot(request()).await.unwrap();
    body.into_body().collect().await.unwrap();
    assert_eq!(probe.counts().cancelled_bodies, 1);
}

#[tokio::test]
async fn a_call_without_its_own_readiness_is_recorded_as_misuse() {
    let mut probe = Probe::new();
    ready(&mut probe).await.unwrap();
    let mut copy = probe.clone();
    probe.call(request()).await.unwrap();
    assert_eq!(probe.misuses(), []);
    copy.call(request()).await.unwrap();
    probe.call(request()).await.unwrap();
    assert_eq!(probe.misuses(), [Misuse::CallWithoutReadiness; 2]);
}

#[tokio::test]
async fn readiness_waits_for_its_gate_and_fails_with_the_given_error() {
    let (mut probe, gate) = (Probe::new(), Gate::new());
    probe.ready_when(&gate);
    let mut waiting = spawn(ready(&mut probe));
    assert_pending!(waiting.poll());
    gate.open();
    assert!(waiting.is_woken());
    assert_ready_ok!(waiting.poll());
    drop(waiting);

    gate.close();
    assert_pending!(spawn(ready(&mut probe)).poll());
    probe.fail_readiness(ERROR);
    assert_ready_err!(spawn(ready(&mut probe)).poll());
}

#[tokio::test]
async fn a_reply_waits_for_its_polls_and_for_its_gate() {
    let (probe, gate) = (Probe::new(), Gate::new());
    probe.next(Reply::default().after_polls(1).when(&gate));
    let mut call = spawn(probe.clone().oneshot(request()));
    assert_pending!(call.poll());
    assert!(call.is_woken());
    assert_pending!(call.poll());
    assert!(!call.is_woken());
    gate.open();
    assert!(call.is_woken());
    assert_ready_ok!(call.poll());
}

#[tokio::test]
async fn a_request_is_recorded_with_its_body_if_the_reply_reads_it() {
    let probe = Probe::new();
    probe.next(Reply::default().read_body());
    probe.next(Reply::default().read_body());
    for body in [ProbeBody::from("a").data("b"), ProbeBody::from("a").error(ERROR)] {
        probe.clone().oneshot(Request::new(body)).await.unwrap();
    }
    probe.clone().oneshot(request()).await.unwrap();
    let bodies: Vec<_> = probe.received().into_iter().map(|received| received.body).collect();
    let read = RequestBody::Read { bytes: "ab".into(), trailers: None };
    let failed = RequestBody::Failed(ERROR.to_string());
    assert_eq!(bodies, [read, failed, RequestBody::Unread]);
}

#[tokio::test]
async fn scripted_panics_leave_no_call_in_flight() {
    let mut probe = Probe::new();
    ready(&mut probe).await.unwrap();
    probe.next(Reply::panic_in_call());
    catch_unwind(AssertUnwindSafe(|| probe.call(request()))).unwrap_err();

    ready(&mut probe).await.unwrap();
    probe.next(Reply::panic_in_future());
    let mut call = spawn(probe.call(request()));
    catch_unwind(AssertUnwindSafe(|| call.poll())).unwrap_err();
    drop(call);

    probe.next(Reply::body(ProbeBody::empty().panic()));
    let mut body = probe.clone().oneshot(request()).await.unwrap().into_body();
    catch_unwind(AssertUnwindSafe(|| spawn(body.frame()).poll())).unwrap_err();
    drop(body);

    assert_eq!(probe.counts().in_flight, 0);
    assert_eq!(probe.counts().futures, 0);
    assert_eq!(probe.counts().calls, 3);
}

#[tokio::test]
async fn a_body_reports_its_size_and_end_unless_it_is_a_stream_or_fails() {
    let mut body = ProbeBody::from("one").data("three");
    assert_eq!(body.size_hint().exact(), Some(8));
    body.frame().await.unwrap().unwrap();
    assert_eq!(body.size_hint().exact(), Some(5));
    assert!(!body.is_end_stream());
    body.frame().await.unwrap().unwrap();
    assert!(body.is_end_stream());

    assert_eq!(ProbeBody::from("one").error(ERROR).size_hint().exact(), None);
    let stream = ProbeBody::empty().stream();
    assert_eq!(stream.size_hint().exact(), None);
    assert!(!stream.is_end_stream());
}
