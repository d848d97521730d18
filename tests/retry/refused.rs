//! Streams that an upstream refuses under load over HTTP/2, by GOAWAY and by REFUSED_STREAM.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement::retry::{Observe, StopReason};
use battlement_testkit::{
    load::OpenLoop,
    upstream::{Behavior, Upstream},
};
use http::Method;

use crate::caller::{Caller, Count, Protocol, layer, request};

const REQUESTS: u64 = 600;
/// The requests from one refusal to the next; every second one is a GOAWAY.
const EVERY: u64 = 30;
const REFUSALS: u64 = REQUESTS / EVERY;

/// Returns the behavior that the first attempt of a request meets.
const fn first(nth: u64) -> Behavior {
    match (nth % EVERY, nth / EVERY % 2) {
        (0, 0) => Behavior::GoAway,
        (0, _) => Behavior::RefuseStream,
        // Keeps a few streams in flight, which a GOAWAY must leave alone.
        _ => Behavior::Late(Duration::from_millis(10)),
    }
}

/// Counts the calls that were not repeated again, by reason.
#[derive(Debug, Default)]
struct Stops(Mutex<HashMap<StopReason, usize>>);

impl Observe for Stops {
    fn stopped(&self, reason: StopReason) {
        *self.0.lock().unwrap().entry(reason).or_default() += 1;
    }
}

struct Load {
    upstream: Upstream,
    stops: HashMap<StopReason, usize>,
    answered: u64,
}

impl Load {
    async fn run(method: Method) -> Self {
        let upstream = Upstream::start().await.unwrap();
        let stops = Arc::<Stops>::default();
        let caller = Caller::new(&layer().observe(Arc::clone(&stops)), Protocol::Http2);
        let sent = Arc::<Count>::default();
        let load = OpenLoop::new(200.0).requests(REQUESTS as usize);
        let arrivals = load.run(|| {
            let nth = sent.next();
            let behaviors = [first(nth), Behavior::Answer];
            caller.clone().end(request(&upstream, method.clone(), &nth.to_string(), &behaviors))
        });
        let answered = arrivals.await.tally().answered;
        // Every GOAWAY closes a connection, and every refusal meets one request or more.
        assert!(upstream.connections() > 1);
        assert!(upstream.counts().refused >= REFUSALS, "{:?}", upstream.counts());
        assert!(caller.attempts() >= REQUESTS + REFUSALS);
        let stops = stops.0.lock().unwrap().clone();
        Self { upstream, stops, answered }
    }

    /// Returns the numbers of requests that were processed zero times, once, and more often.
    fn processed(&self) -> [usize; 3] {
        let mut processed = [0; 3];
        for nth in 1..=REQUESTS {
            let counts = self.upstream.counts_of(&nth.to_string());
            assert_eq!(counts.received, counts.processed, "request {nth}: {counts:?}");
            processed[counts.processed.min(2) as usize] += 1;
        }
        processed
    }
}

/// Loads the machine and depends on its speed, so that no other test runs beside it.
mod alone {
    use http::Method;

    use super::{Load, REQUESTS};

    async fn assert_every_request_is_saved(method: Method) {
        let load = Load::run(method).await;
        assert_eq!(load.processed(), [0, REQUESTS as usize, 0], "{:?}", load.stops);
        assert_eq!(load.answered, REQUESTS);
    }

    #[tokio::test]
    async fn every_put_that_is_refused_under_load_is_processed_once() {
        assert_every_request_is_saved(Method::PUT).await;
    }

    #[tokio::test]
    async fn every_post_that_is_refused_under_load_is_processed_once() {
        assert_every_request_is_saved(Method::POST).await;
    }
}
