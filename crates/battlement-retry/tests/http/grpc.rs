//! gRPC, whose status is in the head or in the trailers.

use std::{
    collections::VecDeque,
    future::ready,
    io,
    sync::{Arc, Mutex},
};

use battlement_retry::{Attempts, Budget, Http, ReplayBody, RetryLayer};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody, channel::Channel};
use tokio_test::{assert_ready, task};
use tower::{Layer as _, ServiceExt as _, service_fn};

type Frames =
    StreamBody<futures_util::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, io::Error>>>>;

fn response(frames: Vec<Result<Frame<Bytes>, io::Error>>) -> Response<Frames> {
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)));
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    response
}

fn trailers(lines: &[(&'static str, &str)]) -> Frame<Bytes> {
    let lines = lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Frame::trailers(HeaderMap::from_iter(lines))
}

fn message() -> Result<Frame<Bytes>, io::Error> {
    Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\0")))
}

fn status(code: &str) -> Result<Frame<Bytes>, io::Error> {
    Ok(trailers(&[("grpc-status", code)]))
}

const METHOD: &str = "inventory.v1.Inventory/Reserve";

fn call() -> Request<Full<Bytes>> {
    let uri = format!("http://inventory/{METHOD}");
    let request = Request::post(uri).header("content-type", "application/grpc");
    request.body(Full::from("a message")).unwrap()
}

/// Calls an upstream that answers in turn with `responses`. Returns the number of attempts, and the frames received.
async fn send(
    layer: RetryLayer<Http>,
    responses: Vec<Response<Frames>>,
) -> (u32, Vec<Result<Frame<Bytes>, String>>) {
    let most = responses.len();
    let responses = Arc::new(Mutex::new(VecDeque::from(responses)));
    let left = responses.clone();
    let upstream = service_fn(move |_: Request<ReplayBody<Full<Bytes>>>| {
        let response = left.lock().unwrap().pop_front().unwrap();
        async move { Ok::<_, io::Error>(response) }
    });
    let response = layer.layer(upstream).oneshot(call()).await.unwrap();
    let attempts = Attempts::of(&response).0;
    assert_eq!(most - responses.lock().unwrap().len(), attempts as usize);
    let mut body = response.into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(frame.map_err(|error| error.to_string()));
    }
    (attempts, frames)
}

fn named() -> RetryLayer<Http> {
    RetryLayer::http().idempotent_methods([METHOD])
}

#[tokio::test(start_paused = true)]
async fn a_status_in_the_trailers_is_repeated_if_the_method_is_named() {
    let replies = || vec![response(vec![status("14")]), response(vec![message(), status("0")])];
    let (attempts, frames) = send(named(), replies()).await;
    assert_eq!((attempts, frames.len()), (2, 2));
    assert_eq!(frames[0].as_ref().unwrap().data_ref().unwrap().len(), 5);
    assert_eq!(frames[1].as_ref().unwrap().trailers_ref().unwrap()["grpc-status"], "0");
    let (attempts, frames) = send(RetryLayer::http(), replies()).await;
    assert_eq!((attempts, frames.len()), (1, 1));
    assert_eq!(frames[0].as_ref().unwrap().trailers_ref().unwrap()["grpc-status"], "14");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_first_message_arrived_is_committed() {
    let (attempts, frames) = send(named(), vec![response(vec![message(), status("14")])]).await;
    assert_eq!((attempts, frames.len()), (1, 2));
    let broken = response(vec![message(), Err(io::ErrorKind::ConnectionReset.into())]);
    let (attempts, frames) = send(named(), vec![broken]).await;
    assert_eq!((attempts, frames.len()), (1, 2));
    assert!(frames[1].is_err());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_before_its_first_message_is_repeated() {
    let broken = || response(vec![Err(io::ErrorKind::ConnectionReset.into())]);
    let well = || response(vec![message(), status("0")]);
    assert_eq!(send(named(), vec![broken(), well()]).await.0, 2);
    let (attempts, frames) = send(named(), vec![broken(), broken(), broken()]).await;
    assert_eq!((attempts, frames.len()), (3, 1));
    assert!(frames[0].is_err());
}

#[tokio::test(start_paused = true)]
async fn a_pushback_is_obeyed_and_a_negative_or_malformed_one_ends_the_retry() {
    let replies = |code, pushback| {
        let lines = [("grpc-status", code), ("grpc-retry-pushback-ms", pushback)];
        vec![response(vec![Ok(trailers(&lines))]), response(vec![message(), status("0")])]
    };
    let start = tokio::time::Instant::now();
    assert_eq!(send(named(), replies("8", "1500")).await.0, 2);
    let waited = start.elapsed().as_millis();
    assert!((1500..=1526).contains(&waited), "{waited}");
    for pushback in ["-1", "soon", "", "2001"] {
        assert_eq!(send(named(), replies("14", pushback)).await.0, 1, "{pushback:?}");
    }
    assert_eq!(send(named(), vec![response(vec![status("8")])]).await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn other_codes_are_not_repeated() {
    for code in ["0", "1", "2", "3", "5", "10", "12", "13", "15", "16"] {
        assert_eq!(send(named(), vec![response(vec![status(code)])]).await.0, 1, "{code}");
    }
    let late = vec![response(vec![status("4")]), response(vec![message(), status("0")])];
    assert_eq!(send(named(), late).await.0, 2);
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_call_waits_for_the_first_frame_only_while_a_retry_is_possible() {
    let answered = async |layer: RetryLayer<Http>| {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(8);
        let body = Arc::new(Mutex::new(Some(body)));
        let upstream = service_fn(move |_: Request<ReplayBody<Full<Bytes>>>| {
            let mut response = Response::new(body.lock().unwrap().take().unwrap());
            response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
            ready(Ok::<_, io::Error>(response))
        });
        let mut call = task::spawn(layer.layer(upstream).oneshot(call()));
        let is_early = call.poll().is_ready();
        if !is_early {
            sender.send_data(Bytes::from_static(b"\0\0\0\0\0")).await.unwrap();
            sender.send_data(Bytes::from_static(b"\0\0\0\0\0")).await.unwrap();
            assert!(call.is_woken());
            let response = assert_ready!(call.poll()).unwrap();
            // One frame was read, and is still to come.
            assert!(!response.body().is_end_stream());
            assert_eq!(response.body().size_hint().lower(), 5);
        }
        is_early
    };
    assert!(!answered(named()).await);
    assert!(answered(named().attempts(1)).await);
    assert!(answered(RetryLayer::http()).await);
}

#[tokio::test(start_paused = true)]
async fn a_body_whose_error_was_read_ahead_has_no_exact_length() {
    let body = || response(vec![Err(io::ErrorKind::ConnectionReset.into())]);
    let upstream =
        service_fn(move |_: Request<ReplayBody<Full<Bytes>>>| ready(Ok::<_, io::Error>(body())));
    let layer = named().budget(Budget::new(0.0, 0));
    let mut body = layer.layer(upstream).oneshot(call()).await.unwrap().into_body();
    // With a length of 0, hyper's server would end the response without an error.
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (None, false));
    assert!(body.frame().await.unwrap().is_err());
    assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
}

/// Calls an upstream that answers with the status `code`, if there is one, and leaves the response open. Returns whether
/// the response goes back at once while the request is open, and the number of attempts.
async fn of_open_request(code: Option<&'static str>) -> (bool, usize) {
    let attempts = Arc::new(Mutex::new(0));
    let (count, held) = (attempts.clone(), Arc::new(Mutex::new(Vec::new())));
    let upstream = service_fn(move |request: Request<ReplayBody<Channel<Bytes>>>| {
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(8);
        if let Some(code) = code {
            sender.try_send(trailers(&[("grpc-status", code)])).unwrap();
        }
        *count.lock().unwrap() += 1;
        held.lock().unwrap().push((sender, request));
        let mut response = Response::new(body);
        response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
        ready(Ok::<_, io::Error>(response))
    });
    let (_sender, body) = Channel::<Bytes>::new(8);
    let request = call().map(|_| body);
    let mut call = task::spawn(named().layer(upstream).oneshot(request));
    let is_ready = call.poll().is_ready();
    if !is_ready {
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        let _ = call.poll();
    }
    let attempts = *attempts.lock().unwrap();
    (is_ready, attempts)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_the_caller_sends_once_it_has_the_response_is_not_stuck() {
    // The service waits for a message of the request, and the caller for the head of the response.
    assert_eq!(of_open_request(None).await, (true, 1));
    // A status that has arrived is judged nevertheless.
    assert_eq!(of_open_request(Some("14")).await, (false, 2));
}
