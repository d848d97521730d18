use std::time::Duration;

use battlement_core::{Failure, GrpcCode, Pushback, RejectionKind, Verdict};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};

use super::*;

#[derive(Clone, Copy, Default)]
struct Request {
    is_idempotent: bool,
    has_key: bool,
    is_sent_in_parts: bool,
    retry_after: Option<Duration>,
}

impl Sent for Request {
    fn is_idempotent(&self) -> bool {
        self.is_idempotent
    }

    fn may_repeat_unprocessed(&self) -> bool {
        !self.is_sent_in_parts
    }

    fn has_key(&self) -> bool {
        self.has_key
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

const SECOND: Duration = Duration::from_secs(1);
const POST: Request =
    Request { is_idempotent: false, has_key: false, is_sent_in_parts: false, retry_after: None };
const GET: Request = Request { is_idempotent: true, ..POST };

fn seen(verdict: Verdict, status: Option<u16>) -> Seen {
    let status = status.map(|status| StatusCode::from_u16(status).unwrap());
    Seen { verdict, status, grpc: None, was_unsent: false }
}

fn failed(failure: Failure, status: Option<u16>) -> Seen {
    seen(Verdict::Failure(failure), status)
}

fn overload(pushback: Option<Pushback>, status: u16) -> Seen {
    failed(Failure::Overload { pushback }, Some(status))
}

fn again(wait: Wait) -> Step {
    Step::Again(Ask { wait, is_timeout: false, is_unprocessed_only: false })
}

#[test]
fn a_failure_that_was_provably_not_processed_is_repeated_whatever_the_request() {
    let refused = failed(Failure::NotProcessed, None);
    assert_eq!(refused.step(&GET), again(Wait::Backoff));
    let once = Ask { wait: Wait::Backoff, is_timeout: false, is_unprocessed_only: true };
    assert_eq!(refused.step(&POST), Step::Again(once));
    let in_parts = |request| Request { is_sent_in_parts: true, ..request };
    assert_eq!(refused.step(&in_parts(GET)), again(Wait::Backoff));
    assert_eq!(refused.step(&in_parts(POST)), Step::Stop(StopReason::NotIdempotent));
    // The service has not seen a request that was not sent, and so has not refused it once.
    let unsent = Seen { was_unsent: true, ..refused };
    assert_eq!(unsent.step(&POST), again(Wait::Backoff));
}

#[test]
fn a_broken_connection_is_repeated_if_the_request_is_idempotent() {
    let broken = failed(Failure::Transport, None);
    assert_eq!(broken.step(&GET), again(Wait::Backoff));
    assert_eq!(broken.step(&POST), Step::Stop(StopReason::NotIdempotent));
}

#[test]
fn the_code_of_grpc_is_read_only_of_a_failure_in_a_grpc_response() {
    let overload = Verdict::Failure(Failure::Overload { pushback: None });
    let code = |verdict, content_type| {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", HeaderValue::from_static("8"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let extensions = Extensions::new();
        let head = Head::new(StatusCode::SERVICE_UNAVAILABLE, &headers, &extensions);
        Seen::of_head(verdict, &head).grpc
    };
    assert_eq!(code(overload, "application/grpc"), Some(GrpcCode::ResourceExhausted));
    assert_eq!(code(overload, "text/plain"), None);
    assert_eq!(code(Verdict::Success, "application/grpc"), None);
}

#[test]
fn a_timeout_is_told_from_other_failures() {
    let timeout = failed(Failure::Timeout, Some(504));
    let ask = Ask { wait: Wait::Backoff, is_timeout: true, is_unprocessed_only: false };
    assert_eq!(timeout.step(&GET), Step::Again(ask));
    assert_eq!(timeout.step(&POST), Step::Stop(StopReason::NotIdempotent));
    let named = Request { retry_after: Some(SECOND), ..GET };
    assert_eq!(timeout.step(&named), Step::Again(Ask { wait: Wait::Pushback(SECOND), ..ask }));
}

#[test]
fn of_the_failures_of_a_server_only_a_bad_gateway_is_repeated() {
    assert_eq!(failed(Failure::Server, Some(502)).step(&GET), again(Wait::Backoff));
    for status in [500, 501, 505, 599] {
        let step = failed(Failure::Server, Some(status)).step(&GET);
        assert_eq!(step, Step::Stop(StopReason::NotRetryable), "{status}");
    }
    // As a classifier of the user's own may judge.
    let step = failed(Failure::Server, None).step(&GET);
    assert_eq!(step, Step::Stop(StopReason::NotRetryable));
}

#[test]
fn an_overload_is_repeated_after_its_own_time_or_the_longer_backoff() {
    assert_eq!(overload(None, 503).step(&GET), again(Wait::Overload));
    assert_eq!(overload(None, 503).step(&POST), Step::Stop(StopReason::NotIdempotent));
    let wait = |wait| Some(Pushback::Wait(wait));
    assert_eq!(overload(wait(SECOND), 503).step(&GET), again(Wait::Pushback(SECOND)));
    assert_eq!(overload(wait(Duration::ZERO), 503).step(&GET), again(Wait::Overload));
    assert_eq!(overload(wait(SECOND), 429).step(&GET), again(Wait::Pushback(SECOND)));
    assert_eq!(overload(None, 429).step(&GET), Step::Stop(StopReason::NotRetryable));
    assert_eq!(overload(Some(Pushback::Stop), 200).step(&GET), Step::Stop(StopReason::Pushback));
}

#[test]
fn a_resource_exhausted_is_repeated_only_with_a_pushback() {
    let of = |grpc, pushback| Seen { grpc: Some(grpc), ..overload(pushback, 200) };
    let wait = Some(Pushback::Wait(SECOND));
    assert_eq!(of(GrpcCode::Unavailable, None).step(&GET), again(Wait::Overload));
    let exhausted = of(GrpcCode::ResourceExhausted, None);
    assert_eq!(exhausted.step(&GET), Step::Stop(StopReason::NotRetryable));
    let exhausted = of(GrpcCode::ResourceExhausted, wait);
    assert_eq!(exhausted.step(&GET), again(Wait::Pushback(SECOND)));
}

#[test]
fn two_statuses_of_the_client_class_are_repeated() {
    let step = |status, request: &Request| {
        let judged = seen(Verdict::Success, Some(status)).judge(request);
        assert_eq!(judged.outcome, AttemptOutcome::Success, "{status}");
        judged.step
    };
    assert_eq!(step(408, &GET), again(Wait::Backoff));
    assert_eq!(step(408, &POST), Step::Stop(StopReason::NotIdempotent));
    let keyed = Request { has_key: true, retry_after: Some(SECOND), ..GET };
    assert_eq!(step(409, &keyed), again(Wait::Pushback(SECOND)));
    let zero = Request { retry_after: Some(Duration::ZERO), ..keyed };
    assert_eq!(step(409, &zero), again(Wait::Backoff));
    let excluded = Request { is_idempotent: false, ..keyed };
    assert_eq!(step(409, &excluded), Step::Stop(StopReason::NotIdempotent));
    for request in [Request { retry_after: None, ..keyed }, Request { has_key: false, ..keyed }] {
        assert_eq!(step(409, &request), Step::Pass);
    }
    for status in [200, 404, 410] {
        assert_eq!(step(status, &keyed), Step::Pass, "{status}");
    }
}

#[test]
fn a_local_rejection_ends_the_retry_and_an_ignored_call_passes() {
    let rejected = failed(Failure::Rejected(RejectionKind::CircuitOpen), Some(503));
    assert_eq!(rejected.judge(&GET).step, Step::Stop(StopReason::Rejected));
    assert_eq!(rejected.judge(&GET).outcome, AttemptOutcome::Rejected);
    let ignored = seen(Verdict::Ignore, Some(499)).judge(&GET);
    assert_eq!(ignored, Judged { outcome: AttemptOutcome::Ignored, step: Step::Pass });
}

#[test]
fn every_verdict_has_an_outcome_of_its_own() {
    for (failure, outcome) in [
        (Failure::Transport, AttemptOutcome::Transport),
        (Failure::NotProcessed, AttemptOutcome::NotProcessed),
        (Failure::Timeout, AttemptOutcome::Timeout),
        (Failure::Server, AttemptOutcome::Server),
        (Failure::Overload { pushback: None }, AttemptOutcome::Overload),
        (Failure::Rejected(RejectionKind::Overloaded), AttemptOutcome::Rejected),
    ] {
        assert_eq!(failed(failure, None).judge(&GET).outcome, outcome, "{failure:?}");
    }
    assert_eq!(seen(Verdict::Success, None).judge(&GET).outcome, AttemptOutcome::Success);
}
