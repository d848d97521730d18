//! Copies of slow calls.

use std::{sync::Arc, time::Duration};

use battlement::retry::{HedgeLayer, Http};
use battlement_testkit::{
    eventually,
    load::{Arrivals, OpenLoop},
    upstream::{Behavior, Upstream},
};
use http::Method;

use crate::caller::{
    Caller, Count, DEADLINE,
    Protocol::{self, Http1, Http2},
    request,
};

const SLOW: Duration = Duration::from_millis(500);

fn layer() -> HedgeLayer<Http> {
    HedgeLayer::http().idempotency_key(false)
}

/// A load on an upstream, and its end.
struct Load {
    upstream: Upstream,
    arrivals: Arrivals,
    attempts: u64,
}

impl Load {
    /// Sends requests, of which every n-th is slow at its first attempt.
    async fn run(layer: HedgeLayer<Http>, protocol: Protocol, load: OpenLoop, every: u64) -> Self {
        let upstream = Upstream::start().await.unwrap();
        let (caller, sent) = (Caller::new(&layer, protocol), Arc::<Count>::default());
        let slow = [Behavior::Late(SLOW), Behavior::Answer];
        let arrivals = load.run(|| {
            let nth = sent.next();
            let behaviors = if nth.is_multiple_of(every) { &slow[..] } else { &slow[1..] };
            caller.clone().end(request(&upstream, Method::GET, &nth.to_string(), behaviors))
        });
        let arrivals = arrivals.await;
        assert_eq!(arrivals.tally().answered, sent.get(), "{:?}", arrivals.tally());
        Self { upstream, arrivals, attempts: caller.attempts() }
    }
}

#[tokio::test]
async fn a_copy_that_lost_is_cut_off_at_the_upstream() {
    for protocol in [Http1, Http2] {
        let upstream = Upstream::start().await.unwrap();
        let caller = Caller::new(&layer().after(Duration::from_millis(20)), protocol);
        for (key, hangs) in [("first", 0), ("second", 1)] {
            let mut behaviors = [Behavior::Late(Duration::from_millis(100)); 2];
            behaviors[hangs] = Behavior::Hang;
            let answer = caller.send(request(&upstream, Method::GET, key, &behaviors)).await;
            assert_eq!(answer.unwrap().status, 200, "{protocol:?}, {key}");
            // Nothing but the client ends a request that hangs.
            let counts = || upstream.counts_of(key);
            assert!(eventually(DEADLINE, || counts().in_flight == 0).await, "{protocol:?}, {key}");
            assert_eq!((counts().received, counts().processed), (2, 1), "{protocol:?}, {key}");
        }
    }
}

#[tokio::test]
async fn a_post_is_not_copied() {
    let upstream = Upstream::start().await.unwrap();
    let caller = Caller::new(&layer().after(Duration::from_millis(20)), Http2);
    let late = [Behavior::Late(Duration::from_millis(200))];
    caller.send(request(&upstream, Method::POST, "7", &late)).await.unwrap();
    assert_eq!(upstream.counts_of("7").received, 1);
}

/// Measures latency, so that no other test runs beside it.
mod alone {
    use std::time::Duration;

    use battlement::retry::HedgeDelay;
    use battlement_testkit::{eventually, load::OpenLoop};

    use super::{Load, SLOW, layer};
    use crate::caller::{
        DEADLINE,
        Protocol::{self, Http1, Http2},
    };

    const REQUESTS: u64 = 1_000;
    /// The requests from one slow call to the next.
    const EVERY: u64 = 20;
    /// More than a fast call takes, unless the machine is busy.
    const FAST: Duration = Duration::from_millis(50);

    /// Returns a load with copies and one without.
    async fn run(protocol: Protocol, delay: HedgeDelay) -> [Load; 2] {
        let load = OpenLoop::new(200.0).requests(REQUESTS as usize);
        for _ in 0..5 {
            let (hedged, control) = tokio::join!(
                Load::run(layer().after(delay), protocol, load, EVERY),
                Load::run(layer().enabled(false), protocol, load, EVERY)
            );
            if control.arrivals.percentile(0.94) <= FAST {
                return [hedged, control];
            }
        }
        panic!("the machine is busy");
    }

    /// Asserts that the slowest calls take at most half of their time, with at most a tenth more requests.
    async fn assert_halves_the_tail(protocol: Protocol, delay: HedgeDelay) {
        let [hedged, control] = run(protocol, delay).await;
        let [p99, most] = [&hedged, &control].map(|load| load.arrivals.percentile(0.99));
        assert!(most >= SLOW, "{most:?}");
        assert!(p99 <= most / 2, "{p99:?} instead of {most:?}");
        assert!(hedged.attempts <= REQUESTS + REQUESTS / 10, "{} requests", hedged.attempts);
        assert_eq!(control.attempts, REQUESTS);
        let upstream = &hedged.upstream;
        assert!(eventually(DEADLINE, || upstream.counts().in_flight == 0).await);
        // The first copies of these calls were cut off before their work was done.
        let slow = (1..=REQUESTS / EVERY).map(|nth| upstream.counts_of(&(nth * EVERY).to_string()));
        let copied = slow.filter(|counts| counts.received == 2).map(|counts| counts.processed);
        let copied: Vec<_> = copied.collect();
        assert!(copied.len() as u64 * 100 >= REQUESTS * 4, "{} were copied", copied.len());
        assert!(copied.iter().all(|processed| *processed == 1), "{copied:?}");
    }

    #[tokio::test]
    async fn copies_after_a_fixed_time_halve_the_tail() {
        assert_halves_the_tail(Http1, HedgeDelay::fixed(2 * FAST)).await;
    }

    #[tokio::test]
    async fn copies_after_the_measured_time_halve_the_tail() {
        assert_halves_the_tail(Http2, HedgeDelay::default()).await;
    }

    #[tokio::test]
    async fn an_upstream_that_is_slow_for_every_call_gets_a_fifth_more_requests() {
        let load = OpenLoop::new(100.0).requests(REQUESTS as usize);
        let attempts = Load::run(layer().after(2 * FAST), Http2, load, 1).await.attempts;
        // The load takes ten seconds, each of which allows one copy more.
        let most = REQUESTS + REQUESTS / 5 + 10;
        assert!((most - 20..=most).contains(&attempts), "{attempts} requests");
    }
}
