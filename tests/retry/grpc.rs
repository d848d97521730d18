//! Calls of a tonic channel whose failure is in the trailers, or that the upstream has refused.

use battlement::retry::{AsTonic, Http, RetryLayer, WithResponse};
use battlement_testkit::{
    echo::{EchoClient, Words},
    upstream::{Behavior, Break, Counts, Upstream},
};
use tonic::{
    Code, Request, Status,
    transport::{Channel, Endpoint},
};
use tower::Layer as _;

use crate::caller::quick;

type Tonic = RetryLayer<Http<WithResponse, AsTonic>>;

fn layer() -> Tonic {
    quick(RetryLayer::tonic().idempotency_key(false))
}

fn named() -> Tonic {
    layer().idempotent_methods(["battlement.testkit.Echo/Say", "/battlement.testkit.Echo/Repeat"])
}

fn words(behaviors: &[Behavior]) -> Request<Words> {
    let mut request = Request::new(Words::new("order 7"));
    let list = Behavior::list(behaviors).to_str().unwrap().parse().unwrap();
    request.metadata_mut().insert(Behavior::HEADER, list);
    request.metadata_mut().insert("idempotency-key", "7".parse().unwrap());
    request
}

fn channel(upstream: &Upstream) -> Channel {
    Endpoint::from_shared(upstream.url("")).unwrap().connect_lazy()
}

/// Makes a unary call whose first attempt meets `behavior`.
async fn say(layer: &Tonic, behavior: Behavior) -> (Result<String, Code>, Counts) {
    let upstream = Upstream::start().await.unwrap();
    let mut client = EchoClient::new(layer.layer(channel(&upstream)));
    let answer = client.say(words(&[behavior, Behavior::Answer])).await;
    let answer = answer.map(|words| words.into_inner().text).map_err(|status| status.code());
    (answer, upstream.counts_of("7"))
}

#[tokio::test]
async fn a_call_that_fails_in_its_trailers_is_repeated_if_its_method_is_named() {
    let (answer, counts) = say(&named(), Behavior::UnavailableTrailers).await;
    assert_eq!(answer.as_deref(), Ok("order 7"));
    assert_eq!((counts.received, counts.processed), (2, 1));
    let (answer, counts) = say(&layer(), Behavior::UnavailableTrailers).await;
    assert_eq!((answer, counts.received), (Err(Code::Unavailable), 1));
}

#[tokio::test]
async fn a_call_that_fails_with_internal_in_its_trailers_is_not_repeated() {
    let (answer, counts) = say(&named(), Behavior::FailTrailers).await;
    assert_eq!((answer, counts.received), (Err(Code::Internal), 1));
}

#[tokio::test]
async fn a_call_that_was_refused_is_repeated_though_its_method_is_not_named() {
    for refusal in [Behavior::GoAway, Behavior::RefuseStream] {
        let (answer, counts) = say(&layer(), refusal).await;
        assert_eq!(answer.as_deref(), Ok("order 7"), "{refusal}");
        assert_eq!((counts.received, counts.processed, counts.refused), (1, 1, 1), "{refusal}");
    }
}

#[tokio::test]
async fn a_call_whose_connection_broke_is_repeated_only_if_its_method_is_named() {
    let (answer, counts) = say(&named(), Behavior::ResetHead).await;
    assert_eq!((answer.as_deref(), counts.processed), (Ok("order 7"), 2));
    let (answer, counts) = say(&layer(), Behavior::ResetHead).await;
    assert_eq!((answer.is_err(), counts.processed), (true, 1));
}

/// Reads a stream of messages to its end.
async fn repeat(layer: &Tonic, behavior: Behavior) -> (usize, Result<(), Status>, Counts) {
    let upstream = Upstream::start().await.unwrap();
    let mut client: EchoClient<battlement::retry::Retry<Channel, _>> =
        EchoClient::new(layer.layer(channel(&upstream)));
    let response = client.repeat(words(&[behavior, Behavior::Answer])).await.unwrap();
    let (mut stream, mut messages) = (response.into_inner(), 0);
    loop {
        let end = match stream.message().await {
            Ok(Some(_)) => {
                messages += 1;
                continue;
            }
            Ok(None) => Ok(()),
            Err(status) => Err(status),
        };
        return (messages, end, upstream.counts_of("7"));
    }
}

#[tokio::test]
async fn a_stream_that_fails_before_its_first_message_is_repeated_and_after_it_is_committed() {
    let (messages, end, counts) = repeat(&named(), Behavior::UnavailableTrailers).await;
    assert_eq!((messages, end.is_ok(), counts.received), (1, true, 2));
    let pause = std::time::Duration::from_millis(5);
    for by in [Break::FailTrailers, Break::ResetStream, Break::ResetConnection] {
        let broken = Behavior::BrokenStream { events: 2, pause, by };
        let (messages, end, counts) = repeat(&named(), broken).await;
        assert_eq!((messages, end.is_err(), counts.received), (2, true, 1), "{by:?}");
    }
}
