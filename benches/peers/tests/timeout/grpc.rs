use std::{
    convert::Infallible,
    future::{Pending, Ready, pending, ready},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use battlement_testkit::{
    client::Http2,
    echo::{EchoClient, Words},
    server::Server,
};
use battlement_timeout::{DeadlineLayer, TimeoutLayer};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tonic::{Code, Status, body::Body, server::NamedService, transport::Channel};
use tower::{Layer as _, Service};

use crate::{HOUR, LIMIT};

type Answer = Result<Response<Body>, Infallible>;

/// A service of tonic that makes its responses with a function.
#[derive(Clone, Copy)]
struct Made(fn(&HeaderMap) -> Option<Response<Body>>);

impl NamedService for Made {
    const NAME: &'static str = "battlement.testkit.Echo";
}

impl<B> Service<Request<B>> for Made {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = futures_util::future::Either<Ready<Answer>, Pending<Answer>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match (self.0)(request.headers()) {
            Some(response) => futures_util::future::Either::Left(ready(Ok(response))),
            None => futures_util::future::Either::Right(pending()),
        }
    }
}

const HANG: Made = Made(|_| None);

/// Returns the response of a server as a status.
fn in_head(code: Code, message: &str) -> Option<Response<Body>> {
    Some(Status::new(code, message).into_http())
}

async fn say(server: &Server) -> Status {
    let channel = Channel::from_shared(server.url("")).unwrap().connect_lazy();
    EchoClient::new(channel).say(Words::new("hello")).await.unwrap_err()
}

#[tokio::test]
async fn a_tonic_server_that_ends_a_call_answers_cancelled() {
    let tonic = tonic::transport::Server::builder().timeout(LIMIT).add_service(HANG);
    let status = say(&Server::tonic(tonic).await.unwrap()).await;
    assert_eq!((status.code(), status.message()), (Code::Cancelled, "Timeout expired"));

    // Ours is inside of tonic's, and has the shorter limit.
    let builder = tonic::transport::Server::builder().timeout(HOUR);
    let layer = DeadlineLayer::new().default_limit(LIMIT);
    let status = say(&Server::tonic(builder.layer(layer).add_service(HANG)).await.unwrap()).await;
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_tonic_channel_that_ends_a_call_reports_cancelled() {
    let server = tonic::transport::Server::builder().add_service(HANG);
    let server = Server::tonic(server).await.unwrap();
    let endpoint = Channel::from_shared(server.url("")).unwrap();
    let mut client = EchoClient::new(endpoint.clone().timeout(LIMIT).connect_lazy());
    let status = client.say(Words::new("hello")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Cancelled, "Timeout expired"));

    let mut client = EchoClient::new(TimeoutLayer::new(LIMIT).layer(endpoint.connect_lazy()));
    let status = client.say(Words::new("hello")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_tonic_channel_does_not_send_the_timeout_of_its_endpoint() {
    let reports = Made(|headers| match headers.get("grpc-timeout") {
        Some(_) => in_head(Code::Aborted, "sent"),
        None => in_head(Code::Aborted, "not sent"),
    });
    let server = tonic::transport::Server::builder().add_service(reports);
    let server = Server::tonic(server).await.unwrap();
    let endpoint = Channel::from_shared(server.url("")).unwrap().timeout(HOUR);
    let mut client = EchoClient::new(endpoint.connect_lazy());
    let status = client.say(Words::new("hello")).await.unwrap_err();
    assert_eq!(status.message(), "not sent");
    // The application sets it on each request.
    let mut request = tonic::Request::new(Words::new("hello"));
    request.set_timeout(HOUR);
    assert_eq!(client.say(request).await.unwrap_err().message(), "sent");
}

/// A body that never ends and has no frame.
struct Silent;

impl http_body::Body for Silent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Pending
    }
}

/// Returns the response to a unary call that brings a timeout. Unlike a channel, the client does not end the call.
async fn limited_call(server: &Server) -> Response<Incoming> {
    let request = Request::post(server.url("/battlement.testkit.Echo/Say"))
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "100m");
    let mut client = Http2::connect(server.addr()).await.unwrap();
    client.send(request.body(Full::<Bytes>::default()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn our_deadline_inside_of_a_tonic_server_expires_before_its_own_timer() {
    let server = tonic::transport::Server::builder().add_service(HANG);
    let response = limited_call(&Server::tonic(server).await.unwrap()).await;
    assert_eq!(response.headers()["grpc-status"], "1");

    let mut layered = tonic::transport::Server::builder().layer(DeadlineLayer::new());
    let server = Server::tonic(layered.add_service(HANG)).await.unwrap();
    for _ in 0..5 {
        assert_eq!(limited_call(&server).await.headers()["grpc-status"], "4");
    }
}

#[tokio::test]
async fn a_tonic_server_applies_grpc_timeout_until_the_head_of_the_response() {
    let silent = Made(|_| {
        let response = Response::builder().header("content-type", "application/grpc");
        response.body(Body::new(Silent)).ok()
    });
    let server = tonic::transport::Server::builder().add_service(silent);
    let server = Server::tonic(server).await.unwrap();
    let mut body = limited_call(&server).await.into_body();
    let ended = tokio::time::timeout(Duration::from_millis(400), body.frame()).await;
    assert!(ended.is_err() && !body.is_end_stream());

    let mut layered = tonic::transport::Server::builder().layer(DeadlineLayer::new());
    let server = Server::tonic(layered.add_service(silent)).await.unwrap();
    let frame = limited_call(&server).await.into_body().frame().await.unwrap().unwrap();
    assert_eq!(frame.trailers_ref().unwrap()["grpc-status"], "4");
}
