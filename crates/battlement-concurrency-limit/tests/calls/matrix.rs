//! Each way in which a request can end, over HTTP/1 and HTTP/2, gives its permit back once, and not before its body.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, Handle};
use battlement_testkit::{
    matrix::{Responses, Way},
    probe::{ProbeBody, ProbeError},
};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, Service, ServiceExt};

use super::support::SECOND;

/// The numbers of calls in flight, as the service saw them.
#[derive(Clone)]
struct Seen {
    handle: Handle,
    counts: Arc<Mutex<Vec<usize>>>,
}

impl Seen {
    fn look(&self) {
        self.counts.lock().unwrap().push(self.handle.snapshot().in_flight);
    }
}

/// A body that looks at each poll.
struct Looks {
    inner: ProbeBody,
    seen: Seen,
}

impl Body for Looks {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ProbeError>>> {
        self.seen.look();
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Looks when the service is called, and at each poll of its body.
fn looks<R>(
    responses: impl Service<R, Response = Response<ProbeBody>, Error = Infallible, Future: Send> + Clone,
    seen: Seen,
) -> impl Service<R, Response = Response<Looks>, Error = Infallible, Future: Send> + Clone {
    let of_call = seen.clone();
    responses
        .map_request(move |request: R| {
            of_call.look();
            request
        })
        .map_response(move |response: Response<ProbeBody>| {
            response.map(|inner| Looks { inner, seen: seen.clone() })
        })
}

#[tokio::test]
async fn each_way_to_end_gives_the_permit_back_at_the_end_of_the_body() {
    for (way, protocol) in Way::each() {
        let (layer, handle) = ConcurrencyLimitLayer::fixed(8).pair();
        let seen = Seen { handle: handle.clone(), counts: Arc::default() };
        let wrap = |responses: Responses| layer.layer(looks(responses, seen.clone()));
        way.run(protocol, wrap, || handle.snapshot().in_flight == 0).await;
        let counts = seen.counts.lock().unwrap().clone();
        let what = format!("{} over {protocol:?}", way.name);
        assert!(!counts.is_empty() && counts.iter().all(|count| *count == 1), "{what}: {counts:?}");
    }
}

#[tokio::test]
async fn each_way_to_end_gives_the_permit_back_with_an_adaptive_limit_and_a_queue() {
    for (way, protocol) in Way::each() {
        let (layer, handle) = ConcurrencyLimitLayer::adaptive().queue(8, SECOND).pair();
        let wrap = |responses: Responses| layer.layer(responses);
        way.run(protocol, wrap, || handle.snapshot().in_flight == 0).await;
    }
}
