//! A call through each client, repeated once after its connection was refused.

use std::sync::{Arc, Mutex};

use battlement::retry::{Attempts, Http, RetryLayer};
use battlement_testkit::{
    client::Collected,
    echo::{EchoClient, Words},
    upstream::{BODY, Upstream},
};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Empty;
use tonic::transport::Endpoint;
use tower::{Layer as _, ServiceExt as _};

use crate::caller::{Count, Protocol, client};

/// An upstream that refuses connections until the second attempt.
#[derive(Clone)]
struct Late {
    upstream: Arc<Mutex<Upstream>>,
    url: String,
    attempts: Arc<Count>,
}

impl Late {
    async fn start() -> Self {
        let mut upstream = Upstream::start().await.unwrap();
        upstream.refuse().await.unwrap();
        let url = upstream.url("");
        Self { upstream: Arc::new(Mutex::new(upstream)), url, attempts: Arc::default() }
    }

    /// Counts an attempt, and opens the port for the second.
    fn attempt<T>(&self, request: T) -> T {
        if self.attempts.next() == 2 {
            self.upstream.lock().unwrap().accept().unwrap();
        }
        request
    }

    /// Asserts that the second attempt was the only request that arrived.
    fn assert_repeated_once(&self) {
        let upstream = self.upstream.lock().unwrap();
        assert_eq!(self.attempts.get(), 2);
        assert_eq!((upstream.counts().received, upstream.counts().processed), (1, 1));
    }
}

#[tokio::test]
async fn a_post_of_hyper_utils_client_is_repeated() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let late = Late::start().await;
        let inner = late.clone();
        let client = client(protocol).map_request(move |request| inner.attempt(request));
        let request = Request::post(&late.url).body(Empty::<Bytes>::new()).unwrap();
        let response = RetryLayer::http().layer(client).oneshot(request).await.unwrap();
        assert_eq!(Attempts::of(&response), Attempts(2));
        let response = Collected::of(response).await.unwrap();
        assert_eq!((response.status.as_u16(), response.text()), (200, BODY.to_owned()));
        late.assert_repeated_once();
    }
}

#[tokio::test]
async fn a_call_of_a_tonic_channel_is_repeated() {
    let late = Late::start().await;
    let channel = Endpoint::from_shared(late.url.clone()).unwrap().connect_lazy();
    let inner = late.clone();
    let channel = channel.map_request(move |request| inner.attempt(request));
    let mut client = EchoClient::new(RetryLayer::tonic().layer(channel));
    let answer = client.say(Words::new("order 7")).await.unwrap();
    assert_eq!(answer.into_inner(), Words::new("order 7"));
    late.assert_repeated_once();
}

/// Calls an upstream through reqwest.
async fn reqwest(layer: RetryLayer<Http>, method: Method) -> (Late, Option<reqwest::Response>) {
    let late = Late::start().await;
    let inner = late.clone();
    // By default, reqwest repeats some requests itself.
    let client = reqwest::Client::builder().retry(reqwest::retry::never());
    let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.request(method, &late.url).body("order 7").build().unwrap();
    let client = client.map_request(move |request| inner.attempt(request));
    let answer = layer.layer(client).oneshot(request).await;
    (late, answer.ok())
}

#[tokio::test]
async fn a_call_of_reqwest_is_repeated() {
    let posts = RetryLayer::http().repeat_unprocessed(true);
    for (layer, method) in [(RetryLayer::http(), Method::PUT), (posts, Method::POST)] {
        let (late, response) = reqwest(layer, method).await;
        let response = response.expect("the second attempt is answered");
        assert_eq!(response.extensions().get(), Some(&Attempts(2)));
        assert_eq!(response.text().await.unwrap(), "order 7");
        late.assert_repeated_once();
    }
}

#[tokio::test]
async fn a_post_of_reqwest_is_not_repeated_unless_that_is_asked_for() {
    let (late, response) = reqwest(RetryLayer::http(), Method::POST).await;
    assert_eq!((late.attempts.get(), response.is_none()), (1, true));
}
