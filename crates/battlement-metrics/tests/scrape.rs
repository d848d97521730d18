//! Requests are not delayed by a concurrent scrape.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone {
    use std::{
        convert::Infallible,
        fs,
        future::{Ready, ready},
        sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        thread,
        time::Duration,
    };

    use battlement_core::RequestFacts;
    use battlement_metrics::{Exposition, Format, HttpMetrics};
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Empty;
    use tokio::time::Instant;
    use tokio_test::task::spawn;
    use tower::{Layer, Service, service_fn};

    const SERIES: usize = 5_000;
    /// Each, and more until as many scrapes are over.
    const REQUESTS: usize = 20_000;
    /// The batch size, small enough that a busy machine leaves some batches undisturbed.
    const BATCH: usize = 100;
    const SCRAPES: usize = 2;
    /// A machine that does something else for a moment does it in one of them: what holds up requests by itself
    /// does it in all.
    const ROUNDS: usize = 6;
    /// The maximum added latency of a request, compared with a request without metrics.
    const MOST: Duration = Duration::from_micros(10);
    /// A scrape takes a hundred times as long.
    const STALL: Duration = Duration::from_millis(2);

    type Body = Empty<Bytes>;

    fn answer(_: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
        ready(Ok(Response::new(Empty::new())))
    }

    /// Sends a request for the route, reads the response to its end, and returns the duration.
    fn serve<S>(service: &mut S, route: &str) -> Duration
    where
        S: Service<Request<Body>, Error = Infallible, Future: Unpin>,
    {
        let mut request = Request::new(Body::new());
        RequestFacts::of_or_start(&mut request).set_route(route.to_owned());
        let began = Instant::now();
        let answered = spawn(service.call(request)).poll();
        assert!(answered.is_ready());
        drop(answered);
        began.elapsed()
    }

    /// Returns the voluntary and the involuntary context switches of this thread.
    fn switches() -> [u64; 2] {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        ["voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:"].map(|name| {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap().trim().parse().unwrap()
        })
    }

    /// Returns the 99.9th percentile and the maximum.
    fn tail(mut times: Vec<Duration>) -> (Duration, Duration) {
        times.sort_unstable();
        (times[times.len() * 999 / 1_000], times[times.len() - 1])
    }

    #[test]
    fn no_request_waits_for_a_scrape_of_5000_series() {
        let metrics = HttpMetrics::builder().max_series(20_000).max_routes(8_192).build();
        let service = metrics.server_layer().layer(service_fn(answer));
        let page = Exposition::new().metrics(&metrics);
        let (scrapes, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let mut maker = service.clone();
        for nth in 0..SERIES {
            serve(&mut maker, &format!("/{nth}"));
        }
        let scrape = || {
            while !is_over.load(Relaxed) {
                let begun = scrapes.load(Relaxed);
                serve(&mut maker, &format!("/new/{begun}"));
                let text = page.render(Format::OpenMetrics);
                assert!(text.matches("_seconds_count{").count() >= SERIES);
                scrapes.store(begun + 1, Relaxed);
            }
        };
        let (mut service, mut bare) = (service, service_fn(answer));
        let mut round = || {
            let (mut counted, mut uncounted) = (Vec::new(), Vec::new());
            let (began, mut before) = (scrapes.load(Relaxed), switches());
            while counted.len() < REQUESTS || scrapes.load(Relaxed) < began + SCRAPES {
                let kept = counted.len();
                for _ in 0..BATCH {
                    counted.push(serve(&mut service, "/0"));
                    uncounted.push(serve(&mut bare, "/0"));
                }
                let after = switches();
                if after[1] > before[1] && after[0] == before[0] {
                    counted.truncate(kept);
                    uncounted.truncate(kept);
                }
                before = after;
            }
            (tail(counted), tail(uncounted))
        };
        let mut rounds = Vec::new();
        thread::scope(|scope| {
            scope.spawn(scrape);
            // One stall as long as a scrape is too seldom for a percentile.
            let is_calm = |(counted, uncounted): ((Duration, Duration), (Duration, Duration))| {
                counted.0 < uncounted.0 + MOST && counted.1 < uncounted.1 + STALL
            };
            while rounds.len() < ROUNDS && !rounds.last().copied().is_some_and(is_calm) {
                rounds.push(round());
            }
            is_over.store(true, Relaxed);
            assert!(rounds.last().copied().is_some_and(is_calm), "{rounds:?}");
        });
    }
}
