//! Request bodies and extensions of the attempts.

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use battlement_core::{CallFacts, PeerAddr};
use battlement_retry::{Attempts, Idempotent, ReplayBody, RetryLayer};
use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Collected, Full, channel::Channel};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{Upstream, get, post, status};

fn idempotent(size: usize) -> Request<Full<Bytes>> {
    let mut request = post().map(|_| Full::from(vec![7; size]));
    request.extensions_mut().insert(Idempotent(true));
    request
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_sent_once_and_the_answer_goes_back() {
    let layer = RetryLayer::http().replay_limit(1_000);
    for (size, attempts) in [(0, 2), (1, 2), (1_000, 2), (1_001, 1), (100_000, 1)] {
        let upstream = Upstream::of([status(503)]);
        let response = layer.layer(upstream.service()).oneshot(idempotent(size)).await.unwrap();
        assert_eq!(response.status().is_success(), attempts == 2, "{size}");
        assert_eq!(upstream.seen(|seen| seen.body.len()), vec![size; attempts], "{size}");
    }
}

type Piped = Channel<Bytes, io::Error>;

/// Sends a body to an upstream that reads it whole, and answers 503 once. Returns also the bodies that it read.
async fn send(body: Piped) -> (io::Result<Response<()>>, Vec<Result<Bytes, String>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let upstream = service_fn(move |request: Request<ReplayBody<Piped>>| {
        let log = log.clone();
        async move {
            let read = request.into_body().collect().await.map(Collected::to_bytes);
            let is_first = log.lock().unwrap().is_empty();
            let failed = read.is_err();
            log.lock().unwrap().push(read.map_err(|error| error.to_string()));
            if failed {
                return Err(io::Error::from(io::ErrorKind::BrokenPipe));
            }
            let mut response = Response::new(Full::<Bytes>::default());
            *response.status_mut() = if is_first { 503 } else { 200 }.try_into().unwrap();
            Ok(response)
        }
    });
    let request = Request::put("http://stock/items/7").body(body).unwrap();
    let response = RetryLayer::http().layer(upstream).oneshot(request).await;
    let response = response.map(|response| response.map(drop));
    let seen = seen.lock().unwrap().clone();
    (response, seen)
}

#[tokio::test(start_paused = true)]
async fn a_streamed_body_is_sent_again() {
    let (mut sender, body) = Piped::new(8);
    for chunk in ["order ", "7"] {
        sender.send_data(Bytes::from(chunk)).await.unwrap();
    }
    drop(sender);
    let (response, seen) = send(body).await;
    let response = response.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (200, Attempts(2)));
    assert_eq!(seen, [Ok(Bytes::from("order 7")), Ok(Bytes::from("order 7"))]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_failed_by_itself_is_not_sent_again() {
    let (sender, body) = Piped::new(8);
    sender.abort(io::ErrorKind::ConnectionAborted.into());
    let (response, seen) = send(body).await;
    assert_eq!(response.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(seen.len(), 1);
}

#[derive(Clone, Debug, PartialEq)]
struct Upgrade;

#[derive(Clone, Debug, PartialEq)]
struct Tenant(u32);

#[tokio::test(start_paused = true)]
async fn only_listed_extensions_are_copied() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let upstream = service_fn(move |request: Request<ReplayBody<Full<Bytes>>>| {
        let extensions = request.extensions();
        log.lock().unwrap().push((
            extensions.get::<Upgrade>().cloned(),
            extensions.get::<Tenant>().cloned(),
            extensions.get::<PeerAddr>().copied(),
            extensions.get::<CallFacts>().map(CallFacts::attempt),
        ));
        let status = if log.lock().unwrap().len() == 1 { 502 } else { 200 };
        let response = Response::builder().status(status).body(Full::<Bytes>::default());
        async { Ok::<_, Infallible>(response.unwrap()) }
    });
    let tenant = |from: &Extensions, to: &mut Extensions| {
        if let Some(tenant) = from.get::<Tenant>() {
            to.insert(tenant.clone());
        }
    };
    let mut request = get();
    let peer = PeerAddr("192.0.2.1:80".parse().unwrap());
    request.extensions_mut().insert(Upgrade);
    request.extensions_mut().insert(Tenant(7));
    request.extensions_mut().insert(peer);
    let layer = RetryLayer::http().copy_extensions(tenant);
    layer.layer(upstream).oneshot(request).await.unwrap();
    let first = (Some(Upgrade), Some(Tenant(7)), Some(peer), Some(1));
    assert_eq!(*seen.lock().unwrap(), [first, (None, Some(Tenant(7)), Some(peer), Some(2))]);
}

#[tokio::test(start_paused = true)]
async fn the_size_of_each_attempt_is_exact() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let upstream = service_fn(move |request: Request<ReplayBody<Full<Bytes>>>| {
        log.lock().unwrap().push(request.body().size_hint().exact());
        async { Err::<Response<Full<Bytes>>, _>(io::Error::from(io::ErrorKind::TimedOut)) }
    });
    RetryLayer::http().layer(upstream).oneshot(idempotent(9)).await.unwrap_err();
    assert_eq!(*seen.lock().unwrap(), [Some(9); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_sent_once_also_has_the_number_of_its_attempt() {
    let upstream = Upstream::of([status(503)]);
    let layer = RetryLayer::http().attempt_headers(true).replay_limit(10);
    layer.layer(upstream.service()).oneshot(idempotent(11)).await.unwrap();
    assert_eq!(upstream.seen(|seen| seen.headers["x-request-attempt"].clone()), ["1"]);
}
