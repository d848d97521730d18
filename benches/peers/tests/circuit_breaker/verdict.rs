use std::convert::Infallible;

use battlement_core::{Rejection, RejectionKind};
use battlement_testkit::probe::{Probe, ProbeBody, ProbeError, Reply};
use failsafe::futures::CircuitBreaker as _;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;
use recloser::{AsyncRecloser, Recloser};
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::ClockControl;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

type Answer = Response<ProbeBody>;

/// Returns the number of 200 calls that reach the probe through the service, each read to the end of its body.
async fn reached<S, B>(probe: &Probe, service: S) -> usize
where
    S: Service<Request<ProbeBody>, Response = Response<B>> + Clone,
    B: Body,
{
    for _ in 0..200 {
        let call = service.clone().oneshot(Request::new(ProbeBody::empty()));
        if let Ok(answer) = call.await {
            let _ = answer.into_body().collect().await;
        }
    }
    probe.counts().calls
}

fn replies(reply: Reply) -> Probe {
    let probe = Probe::new();
    probe.always(reply);
    probe
}

fn failsafe_around(probe: &Probe) -> impl Service<Request<ProbeBody>, Response = Answer> + Clone {
    let (breaker, probe) = (failsafe::Config::new().build(), probe.clone());
    service_fn(move |request| {
        let (breaker, probe) = (breaker.clone(), probe.clone());
        async move { breaker.call(probe.oneshot(request)).await.map_err(drop) }
    })
}

fn recloser_around(probe: &Probe) -> impl Service<Request<ProbeBody>, Response = Answer> + Clone {
    let (breaker, probe) = (AsyncRecloser::from(Recloser::default()), probe.clone());
    service_fn(move |request| {
        let (breaker, probe) = (breaker.clone(), probe.clone());
        async move { breaker.call(probe.oneshot(request)).await.map_err(drop) }
    })
}

#[tokio::test]
async fn a_response_with_the_status_500_is_a_success_unless_configured() {
    let probe = replies(Reply::status(StatusCode::INTERNAL_SERVER_ERROR));
    let layer = CircuitBreakerLayer::builder().build().unwrap();
    assert_eq!(reached(&probe, layer.layer(probe.clone())).await, 200);
    let probe = replies(Reply::status(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(reached(&probe, failsafe_around(&probe)).await, 200);
    let probe = replies(Reply::status(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(reached(&probe, recloser_around(&probe)).await, 200);

    let broken = || replies(Reply::error(ProbeError::new("the connection broke")));
    let probe = broken();
    assert_eq!(reached(&probe, layer.layer(probe.clone())).await, 100);
    let probe = broken();
    assert_eq!(reached(&probe, failsafe_around(&probe)).await, 5);
    let probe = broken();
    assert_eq!(reached(&probe, recloser_around(&probe)).await, 101);
}

/// Returns whether the head of a response shows a failure.
fn is_failure(result: &Result<Answer, ProbeError>) -> bool {
    result.as_ref().map_or(true, |answer| {
        let status = answer.headers().get("grpc-status");
        answer.status().is_server_error() || status.is_some_and(|status| status == "14")
    })
}

/// Calls the peers that judge responses by their heads, and returns the number of calls that reach each probe.
async fn reached_by_head(probe: impl Fn() -> Probe) -> [usize; 2] {
    let layer = CircuitBreakerLayer::builder().failure_classifier(is_failure).build().unwrap();
    let of_tower_resilience = probe();
    let first = reached(&of_tower_resilience, layer.layer(of_tower_resilience.clone())).await;

    let context = ResilienceContext::new(ClockControl::new().to_clock());
    let layer = seatbelt::breaker::Breaker::layer("upstream", &context)
        .recovery_with(|result: &Result<Answer, ProbeError>, _| match is_failure(result) {
            true => RecoveryInfo::retry(),
            false => RecoveryInfo::never(),
        })
        .rejected_input_error(|_: Request<ProbeBody>, _| ProbeError::new("open"));
    let of_seatbelt = probe();
    let second = reached(&of_seatbelt, layer.layer(of_seatbelt.clone())).await;
    [first, second]
}

fn unavailable() -> HeaderMap {
    HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("14"))])
}

/// Returns a probe that answers as a gRPC server, with these headers and this body.
fn grpc(headers: HeaderMap, body: ProbeBody) -> Probe {
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    replies(Reply::respond(response))
}

#[tokio::test]
async fn no_peer_sees_a_status_in_the_trailers() {
    let in_head = || grpc(unavailable(), ProbeBody::empty());
    assert_eq!(reached_by_head(in_head).await, [100; 2]);
    let in_trailers = || grpc(HeaderMap::new(), ProbeBody::empty().trailers(unavailable()));
    assert_eq!(reached_by_head(in_trailers).await, [200; 2]);
}

#[tokio::test]
async fn no_peer_sees_a_body_that_breaks_off() {
    let broken = || {
        let body = ProbeBody::from("the first half").error(ProbeError::new("reset"));
        replies(Reply::respond(Response::new(body)))
    };
    assert_eq!(reached_by_head(broken).await, [200; 2]);
}

/// Returns whether 200 rejections by a layer inside of the breaker open it.
async fn opens_by_rejections<S, R>(service: S, is_open: impl Fn(&S::Error) -> bool) -> bool
where
    S: Service<(), Response = R> + Clone,
{
    for _ in 0..200 {
        match service.clone().oneshot(()).await {
            Err(error) if is_open(&error) => return true,
            _ => {}
        }
    }
    false
}

#[tokio::test]
async fn a_rejection_by_a_full_bulkhead_opens_the_peers_unless_configured() {
    let full = async |()| Err::<Infallible, _>(Rejection::new(RejectionKind::Overloaded));
    let layer = CircuitBreakerLayer::builder().build().unwrap();
    let opens = opens_by_rejections(layer.layer(service_fn(full)), |error| error.is_circuit_open());
    assert!(opens.await);

    let breaker = failsafe::Config::new().build();
    let service = service_fn(move |()| breaker.call(full(())));
    let is_open = |error: &failsafe::Error<_>| matches!(error, failsafe::Error::Rejected);
    assert!(opens_by_rejections(service, is_open).await);

    let breaker = AsyncRecloser::from(Recloser::default());
    let service = service_fn(move |()| breaker.call(full(())));
    let is_open = |error: &recloser::Error<_>| matches!(error, recloser::Error::Rejected);
    assert!(opens_by_rejections(service, is_open).await);
}

#[tokio::test(start_paused = true)]
async fn ours_judges_statuses_trailers_and_bodies_by_default() {
    let opens_after_five = async |probe: Probe| {
        let layer = battlement_circuit_breaker::CircuitBreakerLayer::new("upstream");
        assert_eq!(reached(&probe, layer.layer(probe.clone())).await, 5);
    };
    opens_after_five(replies(Reply::status(StatusCode::INTERNAL_SERVER_ERROR))).await;
    opens_after_five(grpc(HeaderMap::new(), ProbeBody::empty().trailers(unavailable()))).await;
    let body = ProbeBody::from("the first half").error(ProbeError::new("reset"));
    opens_after_five(replies(Reply::respond(Response::new(body)))).await;
}

#[tokio::test(start_paused = true)]
async fn a_rejection_by_a_full_bulkhead_does_not_open_ours() {
    let full = async |()| Err::<Infallible, _>(Rejection::new(RejectionKind::Overloaded));
    let layer = battlement_circuit_breaker::CircuitBreakerLayer::new("upstream");
    let layer = layer.judge(battlement_circuit_breaker::judge_error).as_error();
    let is_open = |error: &tower::BoxError| error.is::<battlement_circuit_breaker::CircuitOpen>();
    assert!(!opens_by_rejections(layer.layer(service_fn(full)), is_open).await);
}
