//! Two retry layers in a row.

use battlement::retry::RetryLayer;
use battlement_testkit::{
    echo::{EchoClient, Words},
    upstream::{Behavior, Upstream},
};
use http::Method;
use tonic::transport::Endpoint;
use tower::{Layer as _, ServiceExt as _};

use crate::caller::{Protocol, client, layer, quick, request};

#[tokio::test]
async fn two_layers_in_a_row_make_three_attempts() {
    let upstream = Upstream::start().await.unwrap();
    for (key, behavior) in
        [("a", Behavior::Overloaded(Default::default())), ("b", Behavior::ResetHead)]
    {
        let service = layer().layer(layer().layer(client(Protocol::Http1)));
        let _ = service.oneshot(request(&upstream, Method::GET, key, &[behavior])).await;
        assert_eq!(upstream.counts_of(key).received, 3, "{behavior}");
    }
}

#[tokio::test]
async fn two_layers_in_a_row_around_a_channel_make_three_attempts() {
    let upstream = Upstream::start().await.unwrap();
    let channel = Endpoint::from_shared(upstream.url("")).unwrap().connect_lazy();
    let named = || quick(RetryLayer::tonic().idempotent_methods(["battlement.testkit.Echo/Say"]));
    let mut client = EchoClient::new(named().layer(named().layer(channel)));
    let mut words = tonic::Request::new(Words::new("order 7"));
    let behavior = Behavior::UnavailableTrailers.to_string().parse().unwrap();
    words.metadata_mut().insert(Behavior::HEADER, behavior);
    client.say(words).await.unwrap_err();
    assert_eq!(upstream.counts().received, 3);
}
