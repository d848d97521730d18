//! The open-loop generator.

use std::time::Duration;

use battlement_testkit::{
    load::{self, End, OpenLoop},
    proxy::Proxy,
    upstream::Upstream,
};
use tokio::time::{Instant, sleep};

const STALL: Duration = Duration::from_secs(1);

#[test]
fn arrivals_have_the_given_rate_and_are_repeated_by_a_seed() {
    let arrivals = OpenLoop::new(1_000.0).requests(20_000).seed(7);
    let schedule = arrivals.schedule();
    assert_eq!(schedule, arrivals.schedule());
    assert_ne!(schedule, arrivals.seed(8).schedule());
    assert!(schedule.is_sorted());
    let last = schedule.last().unwrap().as_secs_f64();
    assert!((19.0..21.0).contains(&last), "{last}");
    // In a Poisson process, the share of gaps above the mean is 1/e.
    let gaps = schedule.windows(2).filter(|pair| pair[1] - pair[0] > Duration::from_millis(1));
    let share = gaps.count() as f64 / schedule.len() as f64;
    assert!((0.35..0.39).contains(&share), "{share}");
}

#[tokio::test]
async fn every_request_that_is_due_during_a_stall_shows_its_wait() {
    let upstream = Upstream::start().await.unwrap();
    let proxy = Proxy::start(upstream.addr()).await.unwrap();
    let addr = proxy.addr();
    let generator = OpenLoop::new(200.0).requests(400).seed(1);
    let stall = async {
        sleep(STALL / 2).await;
        proxy.freeze();
        let start = Instant::now();
        sleep(STALL).await;
        let end = Instant::now();
        proxy.restore();
        start..end
    };
    let (arrivals, stall) = tokio::join!(generator.run(move || load::call(addr, "/")), stall);
    assert_eq!(arrivals.tally().answered, 400);
    let stalled = arrivals.iter().filter(|arrival| stall.contains(&arrival.due));
    let stalled: Vec<_> = stalled.collect();
    // A generator that waits for its answers would have sent one.
    assert!((150..250).contains(&stalled.len()), "{}", stalled.len());
    for arrival in stalled {
        let wait = stall.end - arrival.due;
        assert!(arrival.latency >= wait, "{arrival:?} waited for less than {wait:?}");
    }
    assert!(arrivals.percentile(0.9) >= STALL / 2, "{:?}", arrivals.percentile(0.9));
    assert!(arrivals.percentile(0.2) < STALL / 2, "{:?}", arrivals.percentile(0.2));
}

#[tokio::test(start_paused = true)]
async fn latency_starts_when_a_request_is_due_and_ends_with_the_patience() {
    let patience = Duration::from_secs(3);
    let hanging = async || std::future::pending::<End>().await;
    let arrivals = OpenLoop::new(10.0).requests(20).patience(patience).run(hanging).await;
    assert_eq!((arrivals.given_up(), arrivals.tally().total()), (20, 0));
    let limit = patience..patience + Duration::from_millis(10);
    assert!(arrivals.iter().all(|arrival| limit.contains(&arrival.latency)), "{arrivals:?}");
    assert!(limit.contains(&arrivals.percentile(0.5)), "{arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_does_not_delay_the_next_request() {
    let slow = async || {
        sleep(STALL).await;
        End::Answered
    };
    let generator = OpenLoop::new(100.0).requests(100);
    let start = Instant::now();
    let arrivals = generator.run(slow).await;
    let last = *generator.schedule().last().unwrap();
    assert_eq!(arrivals.tally().answered, 100);
    assert!(start.elapsed() < last + STALL * 2, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn concurrent_generators_with_delays_are_a_load_whose_rate_changes() {
    let immediate = async || End::Answered;
    let slow = OpenLoop::new(10.0).requests(10);
    let fast = OpenLoop::new(100.0).requests(100).delay(STALL);
    let start = Instant::now();
    let (slow, fast) = tokio::join!(slow.run(immediate), fast.run(immediate));
    let ms = Duration::from_millis(1);
    assert!(slow.first().unwrap().due < start + STALL);
    assert!(fast.iter().all(|arrival| arrival.due > start + STALL && arrival.latency <= ms));
    assert_eq!(fast.tally().answered, 100);
}
