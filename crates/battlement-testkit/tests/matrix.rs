//! The matrix of ends: each way ends as it promises, and a layer that misses one is found.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
};

use battlement_core::{EndBody, Ending, MethodKind};
use battlement_testkit::{
    matrix::{End, Responses, Way},
    probe::{ProbeBody, ProbeError},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;
use tower::ServiceExt as _;

fn ending(way: &Way) -> Ending {
    match (way.end, way.path) {
        (End::BodyFailed, _) => Ending::Error,
        (End::Cancelled, _) => Ending::Dropped,
        (_, "/trailers") => Ending::Trailers,
        _ => Ending::Complete,
    }
}

#[tokio::test]
async fn the_body_of_core_reports_each_end_once_and_takes_as_long_as_promised() {
    for (way, protocol) in Way::each().filter(|(way, _)| way.status.is_some()) {
        let endings = Arc::new(Mutex::new(Vec::new()));
        let (log, method) = (endings.clone(), MethodKind::of(&way.method));
        let wrap = move |responses: Responses| {
            responses.map_response(move |response: Response<ProbeBody>| {
                let (log, start) = (log.clone(), Instant::now());
                let on_end = move |ending: Ending, _: Option<&HeaderMap>| {
                    log.lock().unwrap().push((ending, start.elapsed()));
                };
                EndBody::wrap(method, response, on_end)
            })
        };
        way.run(protocol, wrap, || !endings.lock().unwrap().is_empty()).await;
        let endings = std::mem::take(&mut *endings.lock().unwrap());
        let [(actual, duration)] = endings[..] else {
            panic!("{} over {protocol:?} has {} ends", way.name, endings.len());
        };
        assert_eq!(actual, ending(&way), "{} over {protocol:?}", way.name);
        assert!(duration >= way.least_duration(), "{} over {protocol:?}: {duration:?}", way.name);
    }
}

/// A body that reports its end only if it is polled to `None`.
struct Naive {
    inner: ProbeBody,
    has_ended: Arc<AtomicBool>,
}

impl Body for Naive {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ProbeError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        self.has_ended.fetch_or(frame.is_none(), SeqCst);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[tokio::test]
async fn a_layer_that_waits_for_the_end_of_the_body_misses_most_ways() {
    let mut missed = Vec::new();
    for way in Way::ALL {
        let has_ended = Arc::new(AtomicBool::new(false));
        let told = has_ended.clone();
        let responses = Responses::new();
        let naive = responses.clone().map_response(move |response: Response<ProbeBody>| {
            response.map(|inner| Naive { inner, has_ended: told.clone() })
        });
        let server = Server::hyper(Protocol::Http1, move |_| naive.clone()).await.unwrap();
        way.send(server.addr(), Protocol::Http1, || responses.calls() > 0).await.unwrap();
        server.stop().await;
        if !has_ended.load(SeqCst) {
            missed.push(way.path);
        }
    }
    let expected = [
        "/full",
        "/empty",
        "/declared",
        "/trailers",
        "/204",
        "/304",
        "/stream",
        "/declared",
        "/101",
        "/body-error",
        "/body-panic",
        "/panic",
        "/never",
        "/stalled",
        "/events",
    ];
    assert_eq!(missed, expected);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "HEAD of a stream, over Http1: the layer has not noticed the end")]
async fn a_run_panics_and_names_the_way_that_the_layer_has_missed() {
    let way = Way::ALL.into_iter().find(|way| way.name == "HEAD of a stream").unwrap();
    way.run(Protocol::Http1, |responses| responses, || false).await;
}

#[tokio::test]
#[should_panic(expected = "a stream of 3 frames, over Http1: the layer held [1, 0")]
async fn a_run_panics_if_the_layer_holds_nothing_while_the_body_is_sent() {
    let way = Way::ALL.into_iter().find(|way| way.path == "/stream").unwrap();
    let held = Arc::new(AtomicU64::new(0));
    let (begun, ended) = (held.clone(), held.clone());
    let until_head = |responses: Responses| {
        let responses = responses.map_response(move |response| {
            ended.fetch_sub(1, SeqCst);
            response
        });
        responses.map_request(move |request: Request<Incoming>| {
            begun.fetch_add(1, SeqCst);
            request
        })
    };
    way.run_held(Protocol::Http1, until_head, move || held.load(SeqCst)).await;
}

#[tokio::test]
async fn a_response_other_than_the_promised_one_is_an_error_of_the_client() {
    let other = Responses::new().map_response(|mut response: Response<ProbeBody>| {
        *response.status_mut() = http::StatusCode::IM_A_TEAPOT;
        *response.body_mut() = ProbeBody::from("tea");
        response.headers_mut().clear();
        response
    });
    let server = Server::hyper(Protocol::Auto, move |_| other.clone()).await.unwrap();
    for (way, protocol) in Way::each() {
        // The client of these ways does not compare the response.
        let is_lenient = matches!(way.end, End::Panicked | End::Cancelled)
            || (way.method == Method::HEAD && protocol == Protocol::Http2);
        if !is_lenient {
            let sent = way.send(server.addr(), protocol, || true).await;
            assert!(sent.is_err(), "{} over {protocol:?}", way.name);
        }
    }
}
