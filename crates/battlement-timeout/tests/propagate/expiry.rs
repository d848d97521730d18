//! A tonic channel and a tonic server report that the time which they were sent has passed.

use std::{
    convert::Infallible,
    future::Pending,
    task::{Context, Poll},
};

use battlement_testkit::{
    echo::{EchoClient, Words},
    server::Server,
};
use battlement_timeout::PropagateDeadlineLayer;
use http::{Request, Response};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tonic::{Code, body::Body, server::NamedService, transport::Channel};
use tower::{Layer as _, Service};

use crate::calls::{deadline, ms, within};

/// A service of tonic that never answers.
#[derive(Clone, Copy)]
struct Hang;

impl NamedService for Hang {
    const NAME: &'static str = "battlement.testkit.Echo";
}

impl<B> Service<Request<B>> for Hang {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pending<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        std::future::pending()
    }
}

async fn hang() -> Server {
    Server::tonic(tonic::transport::Server::builder().add_service(Hang)).await.unwrap()
}

/// Returns a request whose application set a timeout.
fn with_timeout(millis: u64) -> tonic::Request<Words> {
    let mut request = tonic::Request::new(Words::new("hello"));
    request.set_timeout(ms(millis));
    request
}

#[tokio::test]
async fn a_channel_that_ends_a_call_at_the_time_it_was_sent_reports_deadline_exceeded() {
    let server = hang().await;
    let channel = Channel::from_shared(server.url("")).unwrap().connect_lazy();
    let control = EchoClient::new(channel.clone()).say(with_timeout(80)).await.unwrap_err();
    assert_eq!(control.code(), Code::Cancelled);

    let mut client = EchoClient::new(PropagateDeadlineLayer::new().layer(channel));
    let status = within(deadline(80), client.say(Words::new("hello"))).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let status = within(deadline(60_000), client.say(with_timeout(80))).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
}

#[tokio::test]
async fn a_channel_with_a_timeout_of_its_own_reports_it_as_before() {
    let server = hang().await;
    let channel = Channel::from_shared(server.url("")).unwrap().timeout(ms(50)).connect_lazy();
    let mut client = EchoClient::new(PropagateDeadlineLayer::new().layer(channel));
    let status = within(deadline(60_000), client.say(Words::new("hello"))).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled, "{status}");
}

#[tokio::test]
async fn a_server_that_ends_a_call_at_the_time_it_was_sent_reports_deadline_exceeded() {
    let server = hang().await;
    let origin: http::Uri = server.url("").parse().unwrap();
    // Unlike a channel, this client does not end the call itself.
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Body>();
    let mut control = EchoClient::with_origin(client.clone(), origin.clone());
    let status = control.say(with_timeout(80)).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);

    let client = PropagateDeadlineLayer::new().layer(client);
    let mut client = EchoClient::with_origin(client, origin);
    let status = within(deadline(80), client.say(Words::new("hello"))).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
}

#[tokio::test]
async fn a_call_that_a_server_cancels_before_the_time_has_passed_stays_cancelled() {
    let server =
        tonic::transport::Server::builder().add_service(battlement_testkit::echo::EchoServer);
    let server = Server::tonic(server).await.unwrap();
    let channel = Channel::from_shared(server.url("")).unwrap().connect_lazy();
    let mut client = EchoClient::new(PropagateDeadlineLayer::new().layer(channel));
    let words = Words { code: Code::Cancelled.into(), ..Words::new("hello") };
    let status = within(deadline(60_000), client.say(words)).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
}
