use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_concurrency_limit::{
    ConcurrencyLimitLayer, LimitCause, LimitChange, Observe, Reason,
};
use battlement_core::{DropReason, dropping};
use tokio::time::advance;

use super::{
    adaptive::{Counts, busy},
    support::{Client, Events, MILLISECOND, SECOND, poll},
};

/// The observations of a layer, in order.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observe for Seen {
    fn classes(&self, names: &[Cow<'static, str>]) {
        self.note(format!("classes {}", names.join(" ")));
    }

    fn rejected(&self, reason: Reason, class: usize) {
        self.note(format!("rejected {} {class}", reason.as_str()));
    }

    fn queued(&self, time: Duration, class: usize) {
        self.note(format!("queued {time:?} {class}"));
    }

    fn limit_changed(&self, change: &LimitChange) {
        let LimitChange { from, to, cause, .. } = *change;
        self.note(format!("limit {from} to {to} by {}", cause.as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_rejections_waits_and_changes_of_the_limit() {
    let seen = Seen::default();
    let layer = ConcurrencyLimitLayer::fixed(1)
        .classes([("critical", 0.0), ("default", 0.0)])
        .class(|head| if head.uri.path() == "/orders" { "critical" } else { "default" })
        .observe(seen.clone());
    let client = Client::new(layer.queue(1, SECOND).pair());
    assert_eq!(seen.take(), ["classes critical default"]);
    let call = client.pending();
    let mut waiting = client.pending();
    assert_eq!(client.status().await, 503);
    assert_eq!(seen.take(), ["rejected queue_full 1"]);
    let mut order = client.pending_at("/orders");
    assert!(poll(&mut waiting).is_some());
    assert_eq!(seen.take(), ["rejected queue_full 1"]);
    advance(30 * MILLISECOND).await;
    drop(call);
    assert!(poll(&mut order).is_none());
    assert_eq!(seen.take(), ["queued 30ms 0"]);
    client.handle.set_limit(7);
    client.handle.set_limit(7);
    assert_eq!(seen.take(), ["limit 1 to 7 by handle"]);
}

/// Makes calls under an algorithm that returns `limit`, and returns the changes of the limit of 20.
async fn changes(limit: usize, are_dropped: bool) -> Vec<String> {
    let seen = Seen::default();
    let layer = ConcurrencyLimitLayer::algorithm(Counts::of(limit)).observe(seen.clone());
    let client = Client::new(layer.pair());
    if are_dropped {
        let call = client.pending();
        dropping(DropReason::Timeout, || drop(call));
    }
    busy(&client).await;
    seen.take().split_off(1)
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_why_an_algorithm_has_changed_the_limit() {
    assert_eq!(changes(30, false).await, ["limit 20 to 30 by growth"]);
    assert_eq!(changes(10, false).await, ["limit 20 to 10 by latency"]);
    assert_eq!(changes(10, true).await, ["limit 20 to 10 by drops"]);
    assert!(changes(20, true).await.is_empty());
}

#[test]
fn the_names_of_reasons_and_causes_are_labels() {
    let reasons = Reason::ALL.map(Reason::as_str);
    assert_eq!(reasons, ["full", "queue_full", "queue_timeout", "deadline"]);
    let causes = LimitCause::ALL.map(LimitCause::as_str);
    assert_eq!(causes, ["growth", "latency", "drops", "handle"]);
}

#[tokio::test(start_paused = true)]
async fn shedding_is_one_event_when_it_begins_and_one_when_it_has_ended() {
    let (events, _guard) = Events::start();
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).name("shop").pair());
    assert_eq!(client.status().await, 200);
    assert_eq!(events.lines().len(), 0);
    let call = client.pending();
    for _ in 0..100 {
        assert_eq!(client.status().await, 503);
        advance(10 * MILLISECOND).await;
    }
    let lines = events.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["limiter"]), (&"WARN".into(), &"shop".into()));
    assert_eq!((&lines[0]["reason"], &lines[0]["limit"]), (&"full".into(), &1.into()));
    drop(call);
    assert_eq!(client.status().await, 200);
    advance(9 * SECOND).await;
    assert_eq!((client.status().await, client.now().is_shedding), (200, true));
    assert_eq!(events.lines().len(), 1);
    advance(SECOND).await;
    assert_eq!((client.status().await, client.now().is_shedding), (200, false));
    let lines = events.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((&lines[1]["level"], &lines[1]["rejections"]), (&"INFO".into(), &100.into()));
    assert_eq!(lines[1]["shed_for"], "990ms");

    let _call = client.pending();
    assert_eq!((client.status().await, client.now().rejections), (503, 101));
    assert_eq!(events.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_reading_of_the_state_reports_the_end_without_a_call() {
    let (events, _guard) = Events::start();
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let call = client.pending();
    assert_eq!(client.status().await, 503);
    drop(call);
    advance(10 * SECOND).await;
    assert!(!client.now().is_shedding);
    assert_eq!(events.lines().len(), 2);
}
