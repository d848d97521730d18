//! An upstream that is down for ten seconds, and the attempts of its clients beneath their retries.

/// Measures a load, so that no other test runs beside it.
mod alone {
    use std::{sync::Arc, time::Duration};

    use battlement::retry::{Budgets, Http, RetryLayer};
    use battlement_testkit::{
        load::{OpenLoop, Tally},
        upstream::Upstream,
    };
    use bytes::Bytes;
    use http::Request;
    use http_body_util::Full;
    use tokio::time::{Instant, sleep_until};

    use crate::caller::{Caller, Count, Protocol};

    const DOWN: Duration = Duration::from_secs(10);
    /// The time after the outage until retries that were decided before it ended are over.
    const SETTLED: Duration = Duration::from_secs(1);
    const UP: Duration = Duration::from_secs(4);
    const PER_SECOND: f64 = 200.0;

    /// The numbers of calls and of attempts so far.
    #[derive(Clone, Copy, Debug)]
    struct Sample {
        calls: u64,
        attempts: u64,
    }

    impl Sample {
        fn since(self, start: Self) -> Self {
            let attempts = self.attempts - start.attempts;
            Self { calls: self.calls - start.calls, attempts }
        }
    }

    /// The course of an outage.
    struct Course {
        during: Sample,
        after: Sample,
        tally: Tally,
    }

    /// Sends requests to an upstream that is down at first.
    async fn run(layer: RetryLayer<Http>) -> Course {
        let mut upstream = Upstream::start().await.unwrap();
        upstream.refuse().await.unwrap();
        let caller = Caller::new(&layer, Protocol::Http1);
        let (calls, url) = (Arc::<Count>::default(), upstream.url("/"));
        let sample = || Sample { calls: calls.get(), attempts: caller.attempts() };
        let requests = (DOWN + UP).as_secs_f64() * PER_SECOND;
        let load = OpenLoop::new(PER_SECOND).requests(requests as usize);
        let load = load.run(|| {
            let request = Request::get(&url).body(Full::<Bytes>::default()).unwrap();
            let (caller, calls) = (caller.clone(), Arc::clone(&calls));
            async move {
                // Counted when the first attempt is sent, which may be later than the request is due.
                calls.next();
                caller.end(request).await
            }
        });
        let start = Instant::now();
        let samples = async {
            sleep_until(start + DOWN).await;
            let during = sample();
            upstream.accept().unwrap();
            sleep_until(start + DOWN + SETTLED).await;
            (during, sample())
        };
        let (arrivals, (during, settled)) = tokio::join!(load, samples);
        Course { during, after: sample().since(settled), tally: arrivals.tally() }
    }

    /// Asserts that every call after the outage took one attempt, and succeeded.
    fn assert_recovered(course: &Course) {
        let Course { during, after, tally } = course;
        assert!(after.calls > 100, "{after:?}");
        assert_eq!(after.attempts, after.calls);
        assert!(tally.answered >= after.calls && tally.answered + during.calls >= tally.total());
    }

    #[tokio::test]
    async fn the_budget_holds_the_attempts_of_an_outage_to_a_fifth_more_than_the_calls() {
        let unlimited = RetryLayer::http().budget(Budgets::Unlimited);
        let (limited, control) = tokio::join!(run(RetryLayer::http()), run(unlimited));
        let Sample { calls, attempts } = limited.during;
        let most = 1.2 * calls as f64 + DOWN.as_secs_f64();
        assert!(attempts as f64 <= most, "{attempts} attempts of {calls} calls");
        // The budget is spent, and not lost.
        assert!(attempts as f64 >= 1.15 * calls as f64, "{attempts} attempts of {calls} calls");
        let Sample { calls, attempts } = control.during;
        let share = attempts as f64 / calls as f64;
        assert!((2.9..=3.0).contains(&share), "{attempts} attempts of {calls} calls");
        assert_recovered(&limited);
        assert_recovered(&control);
    }
}
