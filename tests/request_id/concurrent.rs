//! Ids of concurrent requests never mix.

use std::{collections::HashSet, convert::Infallible};

use battlement::request_id::{RequestId, RequestIdLayer, carry};
use battlement_testkit::{
    client::{Collected, Http2},
    server::Server,
};
use bytes::Bytes;
use futures_util::{StreamExt as _, future::join_all, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{Empty, StreamBody};
use hyper::body::Incoming;
use tower::{Layer, service_fn};

fn current() -> String {
    RequestId::current().unwrap().to_string()
}

/// Responds with the id in the handler, in a spawned task, and in each poll of the body.
async fn handler(request: Request<Incoming>) -> Result<Response<StreamBody<Frames>>, Infallible> {
    let id = RequestId::of(&request).unwrap().to_string();
    for _ in 0..3 {
        tokio::task::yield_now().await;
        assert_eq!(current(), id);
    }
    let spawned = tokio::spawn(carry(async {
        tokio::task::yield_now().await;
        current()
    }));
    assert_eq!(spawned.await.unwrap(), id);
    let frames = stream::iter(0..3).then(|_| async {
        tokio::task::yield_now().await;
        Ok(Frame::data(Bytes::from(current() + "\n")))
    });
    Ok(Response::new(StreamBody::new(frames.boxed())))
}

type Frames = stream::BoxStream<'static, Result<Frame<Bytes>, Infallible>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_requests_keep_a_thousand_ids() {
    let server = Server::http2(RequestIdLayer::new().layer(service_fn(handler))).await.unwrap();
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(Http2::connect(server.addr()).await.unwrap());
    }
    let calls = (0..1000).map(|n| {
        let mut client = connections[n % connections.len()].clone();
        // Every second request has an id.
        let request = match n % 2 {
            0 => Request::get("/").header("x-request-id", format!("inbound-id-{n}")),
            _ => Request::get("/"),
        };
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        async move { (n, Collected::of(client.send(request).await.unwrap()).await.unwrap()) }
    });
    let mut ids = HashSet::new();
    for (n, answer) in join_all(calls).await {
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(answer.text(), format!("{id}\n").repeat(3));
        assert_eq!(id == format!("inbound-id-{n}"), n % 2 == 0);
        ids.insert(id);
    }
    assert_eq!(ids.len(), 1000);
}
