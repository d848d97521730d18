use std::{
    convert::Infallible,
    future::{pending, ready},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, judge_error};
use futures_util::FutureExt as _;
use tokio::{task::unconstrained, time::advance};
use tower::{
    Layer, Service, ServiceExt as _, limit::ConcurrencyLimitLayer as TowerLayer, service_fn,
};

use crate::{HOUR, aimd, begin, bulkhead, hangs};

/// The callers beside the one that has the only permit.
const CALLERS: usize = 10_000;

/// Returns how many callers wait for the only permit after a time.
async fn waiting_after<S>(service: S, time: Duration) -> usize
where
    S: Service<(), Response = ()> + Clone + 'static,
{
    let calls = (0..=CALLERS).filter_map(|_| begin(service.clone().oneshot(())).ok());
    let mut calls: Vec<_> = calls.collect();
    advance(time).await;
    // The first has the permit. Without `unconstrained`, tokio lets a task poll only some of the timers at once.
    unconstrained(async {
        let waiting = calls.iter_mut().skip(1);
        waiting.filter_map(|call| call.as_mut().now_or_never().is_none().then_some(())).count()
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn callers_wait_for_the_peers_without_a_bound() {
    assert_eq!(waiting_after(TowerLayer::new(1).layer(service_fn(hangs)), HOUR).await, CALLERS);
    let layer = bulkhead(1).build().unwrap();
    assert_eq!(waiting_after(layer.layer(service_fn(hangs)), HOUR).await, CALLERS);
    assert_eq!(waiting_after(aimd(1).layer(service_fn(hangs)), HOUR).await, CALLERS);

    let ours = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error();
    assert_eq!(waiting_after(ours.layer(service_fn(hangs)), Duration::ZERO).await, 0);
}

const TIME: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn a_bulkhead_bounds_the_time_of_its_queue_and_not_its_length() {
    let layer = bulkhead(1).max_wait_duration(TIME).build().unwrap();
    let half = waiting_after(layer.layer(service_fn(hangs)), TIME / 2).await;
    assert_eq!(half, CALLERS);
    assert_eq!(waiting_after(layer.layer(service_fn(hangs)), 2 * TIME).await, 0);

    let ours = || ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error().queue(64, TIME);
    assert_eq!(waiting_after(ours().layer(service_fn(hangs)), TIME / 2).await, 64);
    assert_eq!(waiting_after(ours().layer(service_fn(hangs)), 2 * TIME).await, 0);
}

/// A service whose first call hangs, and whose other calls are answered at once.
#[derive(Clone, Default)]
struct FirstHangs(Arc<AtomicBool>);

impl Service<()> for FirstHangs {
    type Response = ();
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<(), Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        if self.0.swap(true, Relaxed) { Box::pin(ready(Ok(()))) } else { Box::pin(pending()) }
    }
}

/// Returns which of two calls, that have waited for 90 and for 0 of 100 ms, get the only permit when it is given back.
async fn served<L>(layer: L) -> [bool; 2]
where
    L: Layer<FirstHangs>,
    L::Service: Service<(), Response = ()> + Clone + 'static,
{
    let service = layer.layer(FirstHangs::default());
    let call = || begin(service.clone().oneshot(())).ok().unwrap();
    let (first, mut old) = (call(), call());
    advance(TIME * 9 / 10).await;
    let mut new = call();
    drop(first);
    // A permit that is granted belongs to its call, so that the other one does not get it here.
    let new_is_served = new.as_mut().now_or_never().is_some();
    [old.as_mut().now_or_never().is_some() && !new_is_served, new_is_served]
}

#[tokio::test(start_paused = true)]
async fn a_bulkhead_serves_the_oldest_first_although_it_is_about_to_give_up() {
    let layer = bulkhead(1).max_wait_duration(TIME).build().unwrap();
    assert_eq!(served(layer).await, [true, false]);
    let ours = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error().queue(64, TIME);
    assert_eq!(served(ours).await, [false, true]);
}
