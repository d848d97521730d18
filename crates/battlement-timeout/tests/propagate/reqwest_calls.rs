use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use battlement_timeout::{CallDeadlineLayer, PropagateDeadlineLayer};
use http::Method;
use reqwest::Request;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::calls::{GRPC, HTTP, deadline, ms, within};

fn request() -> Request {
    Request::new(Method::POST, "http://localhost/".parse().unwrap())
}

/// Makes a call; returns the status and the headers that were sent.
async fn call(request: Request) -> (u16, Option<http::HeaderMap>) {
    let sent = Arc::new(Mutex::new(None));
    let record = Arc::clone(&sent);
    let client = service_fn(move |request: Request| {
        *record.lock().unwrap() = Some(request.headers().clone());
        async { Ok::<reqwest::Response, Infallible>(http::Response::new("").into()) }
    });
    let client = PropagateDeadlineLayer::new().layer(client);
    let status = client.oneshot(request).await.unwrap().status().as_u16();
    let sent = sent.lock().unwrap().take();
    (status, sent)
}

#[tokio::test(start_paused = true)]
async fn a_call_of_reqwest_states_the_current_deadline() {
    let (_, sent) = within(deadline(2000), call(request())).await;
    assert_eq!(sent.unwrap()[HTTP], "1995");
    assert!(!call(request()).await.1.unwrap().contains_key(HTTP));
}

#[tokio::test(start_paused = true)]
async fn a_shorter_value_on_a_call_of_reqwest_is_kept() {
    for (own, expected) in [("50", "50"), ("9000", "1995")] {
        let mut request = request();
        request.headers_mut().insert(HTTP, own.parse().unwrap());
        let (_, sent) = within(deadline(2000), call(request)).await;
        assert_eq!(sent.unwrap()[HTTP], expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_grpc_call_of_reqwest_gets_grpc_timeout() {
    let mut request = request();
    request.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    let (_, sent) = within(deadline(2000), call(request)).await;
    assert_eq!(sent.unwrap()[GRPC], "1995000u");
}

#[tokio::test(start_paused = true)]
async fn a_call_of_reqwest_with_no_time_left_is_not_made() {
    let (status, sent) = within(deadline(5), call(request())).await;
    assert!(sent.is_none());
    assert_eq!(status, 504);
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_whole_call_of_reqwest_is_stated_also_if_it_is_detached() {
    for (limit, is_detached, expected) in
        [(1000, false, "995"), (3000, false, "1995"), (3000, true, "2995")]
    {
        let client = service_fn(move |request: Request| {
            assert_eq!(request.headers()[HTTP], expected);
            async { Ok::<reqwest::Response, Infallible>(http::Response::new("").into()) }
        });
        let whole = CallDeadlineLayer::new(ms(limit));
        let whole = if is_detached { whole.detached() } else { whole };
        let client = whole.layer(PropagateDeadlineLayer::new().layer(client));
        let response = within(deadline(2000), client.oneshot(request())).await.unwrap();
        assert_eq!(response.status(), 200);
    }
}
