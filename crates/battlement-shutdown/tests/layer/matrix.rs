//! Each way in which a request can end, over HTTP/1 and HTTP/2, ends it once, and not before its body.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use battlement_shutdown::{InFlight, Shutdown};
use battlement_testkit::{
    matrix::{End, Responses, Way},
    probe::{ProbeBody, ProbeError},
};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, Service, ServiceExt};

/// The numbers of requests in flight, as the service saw them.
#[derive(Clone)]
struct Seen {
    in_flight: InFlight,
    counts: Arc<Mutex<Vec<u64>>>,
}

impl Seen {
    fn of(shutdown: &Shutdown) -> Self {
        Self { in_flight: shutdown.handle().in_flight(), counts: Arc::default() }
    }

    fn now(&self) -> u64 {
        self.in_flight.counts().iter().map(|(_, count)| count).sum()
    }

    fn look(&self) {
        self.counts.lock().unwrap().push(self.now());
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
async fn each_way_to_end_leaves_nothing_in_flight_and_is_counted_if_the_caller_has_it_in_full() {
    for (way, protocol) in Way::each() {
        let shutdown = Shutdown::without_signals().delay(Duration::ZERO).linger(Duration::ZERO);
        let seen = Seen::of(&shutdown);
        let wrap = |responses: Responses| shutdown.layer().layer(looks(responses, seen.clone()));
        way.run(protocol, wrap, || seen.now() == 0).await;
        let counts = seen.counts.lock().unwrap().clone();
        let what = format!("{} over {protocol:?}", way.name);
        assert!(!counts.is_empty() && counts.iter().all(|count| *count == 1), "{what}: {counts:?}");
        let report = shutdown.run(ready(())).await;
        let is_answered = matches!(way.end, End::Complete | End::Upgraded);
        assert_eq!((report.answered(), report.code()), (u64::from(is_answered), 0), "{what}");
    }
}
