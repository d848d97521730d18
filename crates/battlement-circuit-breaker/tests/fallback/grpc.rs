//! A gRPC service in this process as the fallback of a channel.

use battlement_circuit_breaker::{CircuitBreakerLayer, FallbackLayer, FallbackOutcome};
use battlement_testkit::{
    echo::{EchoClient, EchoServer, Words},
    upstream::{Behavior, Upstream},
};
use tonic::{
    Code, Request,
    transport::{Channel, Endpoint},
};
use tower::Layer as _;

use crate::support::Seen;

fn channel(upstream: &Upstream) -> Channel {
    Endpoint::from_shared(upstream.url("")).unwrap().connect_lazy()
}

fn words(behavior: Behavior) -> Request<Words> {
    let mut request = Request::new(Words::new("order 7"));
    let behavior = Behavior::list(&[behavior]).to_str().unwrap().parse().unwrap();
    request.metadata_mut().insert(Behavior::HEADER, behavior);
    request
}

#[tokio::test]
async fn a_service_in_the_process_answers_for_a_channel() {
    let mut upstream = Upstream::start().await.unwrap();
    let seen = Seen::default();
    let layer = FallbackLayer::tonic_service(EchoServer).observe(seen.clone());
    let mut client = EchoClient::new(layer.layer(channel(&upstream)));
    // An answer of the service itself, a status in its head, and a broken connection.
    for behavior in [Behavior::Answer, Behavior::Error, Behavior::ResetHead] {
        let answer = client.say(words(behavior)).await.unwrap();
        assert_eq!(answer.into_inner().text, "order 7", "{behavior}");
    }
    assert_eq!(seen.outcomes(), [FallbackOutcome::Answered; 2]);
    upstream.refuse().await.unwrap();
    client.say(words(Behavior::Answer)).await.unwrap();
    assert_eq!(seen.outcomes(), [FallbackOutcome::Answered]);
}

#[tokio::test]
async fn a_service_in_the_process_answers_for_an_open_breaker() {
    let upstream = Upstream::start().await.unwrap();
    let (breaker, handle) = CircuitBreakerLayer::new("echo").pair();
    handle.force_open();
    let layer = FallbackLayer::tonic_service(EchoServer);
    let mut client = EchoClient::new(layer.layer(breaker.layer(channel(&upstream))));
    let answer = client.say(words(Behavior::Answer)).await.unwrap();
    assert_eq!(answer.into_inner().text, "order 7");
    assert_eq!(upstream.counts().received, 0);
}

#[tokio::test]
async fn a_failure_in_the_trailers_has_gone_back_before_a_fallback_can_answer() {
    let (upstream, seen) = (Upstream::start().await.unwrap(), Seen::default());
    let layer = FallbackLayer::tonic_service(EchoServer).observe(seen.clone());
    let mut client = EchoClient::new(layer.layer(channel(&upstream)));
    let status = client.say(words(Behavior::FailTrailers)).await.unwrap_err();
    assert_eq!((status.code(), seen.outcomes()), (Code::Internal, vec![]));
}
