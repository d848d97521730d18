//! Requests are not delayed by a concurrent scrape.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone {
    use std::{
        convert::Infallible,
        fs,
        future::{Ready, ready},
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering::Relaxed},
        },
        thread,
        time::Duration,
    };

    use battlement_core::RequestFacts;
    use battlement_metrics::{Exposition, Format, HttpMetrics};
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Empty;
    use tokio_test::task::spawn;
    use tower::{Layer, Service, service_fn};

    const SERIES: usize = 5_000;
    const SCRAPES: usize = 10;
    const BATCH: usize = 100;
    /// The limit for the CPU time that a scrape on another thread adds to the mean request, by cache misses for example.
    const ADDED: Duration = Duration::from_micros(20);

    type Body = Empty<Bytes>;

    fn answer(_: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
        ready(Ok(Response::new(Empty::new())))
    }

    /// Sends a request for the route and reads the response to its end.
    fn serve<S>(service: &mut S, route: &str)
    where
        S: Service<Request<Body>, Error = Infallible, Future: Unpin>,
    {
        let mut request = Request::new(Body::new());
        RequestFacts::of_or_start(&mut request).set_route(route.to_owned());
        assert!(spawn(service.call(request)).poll().is_ready());
    }

    /// The time and the waits of this thread, neither of which depends on what else the machine does.
    #[derive(Clone, Copy, Debug, Default)]
    struct Usage {
        requests: u32,
        cpu: Duration,
        /// Voluntary context switches: a thread that waits for a lock gives up its processor.
        waits: u64,
    }

    impl Usage {
        /// Returns the usage of this thread since its start.
        fn now() -> Self {
            let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
            let cpu = Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap());
            let status = fs::read_to_string("/proc/thread-self/status").unwrap();
            let name = "voluntary_ctxt_switches:";
            let waits = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            Self { requests: 0, cpu, waits: waits.trim().parse().unwrap() }
        }

        /// Adds the usage of a batch of requests.
        fn add(&mut self, mut request: impl FnMut()) {
            let before = Self::now();
            (0..BATCH).for_each(|_| request());
            let after = Self::now();
            self.requests += u32::try_from(BATCH).unwrap();
            self.cpu += after.cpu - before.cpu;
            self.waits += after.waits - before.waits;
        }

        fn mean(&self) -> Duration {
            self.cpu / self.requests
        }
    }

    /// Returns the usage of requests on this thread alone, and while another thread scrapes.
    fn usage(mut request: impl FnMut(), mut scrape: impl FnMut(usize) + Send) -> [Usage; 2] {
        let [mut quiet, mut scraped] = [Usage::default(); 2];
        (0..SCRAPES).for_each(|_| quiet.add(&mut request));
        let scrapes = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for nth in 0..SCRAPES {
                    scrape(nth);
                    scrapes.fetch_add(1, Relaxed);
                }
            });
            while scrapes.load(Relaxed) < SCRAPES {
                scraped.add(&mut request);
            }
        });
        [quiet, scraped]
    }

    /// Returns whether requests wait for most scrapes, as they do for a lock; a few waits are the allocator's.
    fn waits_for_scrapes(scraped: &Usage) -> bool {
        scraped.waits >= SCRAPES as u64 / 2
    }

    fn measured() -> (HttpMetrics, Exposition) {
        let metrics = HttpMetrics::builder().max_series(20_000).max_routes(8_192).build();
        let mut service = metrics.server_layer().layer(service_fn(answer));
        for nth in 0..SERIES {
            serve(&mut service, &format!("/{nth}"));
        }
        let page = Exposition::new().metrics(&metrics);
        (metrics, page)
    }

    fn render(page: &Exposition) {
        let text = page.render(Format::OpenMetrics);
        assert!(text.matches("_seconds_count{").count() >= SERIES);
    }

    #[test]
    fn no_request_waits_for_a_scrape_of_5000_series() {
        let (metrics, page) = measured();
        let mut service = metrics.server_layer().layer(service_fn(answer));
        let mut maker = service.clone();
        let scrape = |nth| {
            serve(&mut maker, &format!("/new/{nth}"));
            render(&page);
        };
        let [quiet, scraped] = usage(|| serve(&mut service, "/0"), scrape);
        assert!(!waits_for_scrapes(&scraped), "{scraped:?}");
        assert!(scraped.mean() < quiet.mean() + ADDED, "{scraped:?} after {quiet:?}");
    }

    #[test]
    fn requests_that_share_a_lock_with_a_scrape_are_seen_to_wait() {
        let (_, page) = measured();
        let shared = Mutex::new(service_fn(answer));
        let scrape = |_| {
            let _held = shared.lock().unwrap();
            render(&page);
        };
        let [_, scraped] = usage(|| serve(&mut *shared.lock().unwrap(), "/0"), scrape);
        assert!(waits_for_scrapes(&scraped), "{scraped:?}");
    }
}
