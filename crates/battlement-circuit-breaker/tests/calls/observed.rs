use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use battlement_circuit_breaker::{
    CallOutcome, CircuitBreakerLayer, Handle, Observe, OpenFor, State, Transition,
};
use http_body_util::BodyExt as _;
use tokio::time::advance;

use super::support::{Client, End, Reply, SECOND, with};

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Seen {
    fn push(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observe for Seen {
    fn key_added(&self) {
        self.push("added");
    }

    fn key_removed(&self, state: State) {
        self.push(format!("removed {}", state.as_str()));
    }

    fn transition(&self, transition: &Transition) {
        self.push(format!("{} to {}", transition.from.as_str(), transition.to.as_str()));
    }

    fn judged(&self, outcome: CallOutcome) {
        self.push(outcome.as_str());
    }

    fn rejected(&self) {
        self.push("rejected call");
    }

    fn shadowed(&self) {
        self.push("shadowed call");
    }

    fn overflowed(&self) {
        self.push("overflowed");
    }

    fn held_closed(&self) {
        self.push("held closed");
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_sees_calls_that_only_the_shadow_lets_through() {
    let seen = Arc::new(Seen::default());
    let layer = CircuitBreakerLayer::new("billing").shadow(true).observe(seen.clone());
    let (client, _) = with(layer);
    for _ in 0..5 {
        read(&client, Reply::Status(500)).await;
    }
    assert!(!seen.take().contains(&"shadowed call".to_owned()));
    read(&client, Reply::Status(500)).await;
    assert_eq!(seen.take().iter().filter(|seen| *seen == "shadowed call").count(), 1);
}

async fn read(client: &Client, reply: Reply) {
    if let Ok(answer) = client.call(reply).await {
        let _ = answer.into_body().collect().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_sees_verdicts_transitions_and_rejections() {
    let seen = Arc::new(Seen::default());
    let (client, _) = with(CircuitBreakerLayer::new("billing").observe(seen.clone()));
    assert_eq!(seen.take(), ["added"]);
    for reply in [Reply::Status(200), Reply::Full, Reply::Status(499), Reply::Body(End::Error)] {
        read(&client, reply).await;
    }
    assert_eq!(seen.take(), ["success", "rejected", "ignored", "transport"]);
    for _ in 0..4 {
        read(&client, Reply::Status(500)).await;
    }
    read(&client, Reply::Status(200)).await;
    assert_eq!(
        seen.take(),
        ["server", "server", "server", "server", "closed to open", "rejected call"]
    );
    advance(5 * SECOND).await;
    read(&client, Reply::Status(200)).await;
    read(&client, Reply::Status(200)).await;
    assert_eq!(seen.take(), ["open to half_open", "success", "success", "half_open to closed"]);
}

/// An observer of the open times.
#[derive(Default)]
struct OpenTimes(Mutex<Vec<(State, Option<Duration>)>>);

impl Observe for OpenTimes {
    fn transition(&self, transition: &Transition) {
        self.0.lock().unwrap().push((transition.to, transition.open_for));
    }
}

#[tokio::test(start_paused = true)]
async fn a_transition_to_the_open_state_has_the_open_time_and_no_other_has_one() {
    let seen = Arc::new(OpenTimes::default());
    let layer = CircuitBreakerLayer::new("billing").open_for(OpenFor::fixed(7 * SECOND));
    let (client, _) = with(layer.observe(seen.clone()));
    client.open().await;
    advance(7 * SECOND).await;
    read(&client, Reply::Status(200)).await;
    read(&client, Reply::Status(200)).await;
    let expected =
        [(State::Open, Some(7 * SECOND)), (State::HalfOpen, None), (State::Closed, None)];
    assert_eq!(*seen.0.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_observer_sees_keys() {
    let seen = Arc::new(Seen::default());
    let layer = CircuitBreakerLayer::per_authority().max_keys(1).observe(seen.clone());
    let (client, handle) = with(layer);
    client.call_at("http://a/", Reply::Hang).now();
    client.call_at("http://b/", Reply::Hang).now();
    assert_eq!(seen.take(), ["added", "added", "ignored", "overflowed", "ignored"]);
    advance(600 * SECOND).await;
    assert!(handle.keys().is_empty());
    assert_eq!(seen.take(), ["removed closed"]);
}

/// Polls a future once, and drops it.
trait Now: Future + Sized {
    fn now(self) {
        let _ = super::support::poll(&mut Box::pin(self));
    }
}

impl<F: Future> Now for F {}

/// An observer that reads the handle of its layer.
#[derive(Default)]
struct Reader {
    handle: OnceLock<Handle>,
    held_closed: AtomicUsize,
    removed: AtomicUsize,
}

impl Reader {
    fn read(&self, count: &AtomicUsize) {
        if let Some(handle) = self.handle.get() {
            let _ = handle.snapshot();
            count.fetch_add(1, SeqCst);
        }
    }
}

impl Observe for Reader {
    fn key_removed(&self, _: State) {
        self.read(&self.removed);
    }

    fn held_closed(&self) {
        self.read(&self.held_closed);
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_may_read_the_handle_while_a_key_is_held_closed_or_removed() {
    let reader = Arc::new(Reader::default());
    let layer = CircuitBreakerLayer::per_authority().max_open(0.25).observe(reader.clone());
    let (client, handle) = with(layer);
    assert!(reader.handle.set(handle.clone()).is_ok());
    for host in ["http://a/", "http://b/", "http://c/", "http://d/"] {
        client.call_at(host, Reply::Status(200)).await.unwrap();
    }
    for host in ["http://a/", "http://b/"] {
        for _ in 0..5 {
            client.call_at(host, Reply::Status(500)).await.unwrap();
        }
    }
    assert_eq!((handle.held_closed(), reader.held_closed.load(SeqCst)), (1, 1));
    advance(20 * 60 * SECOND).await;
    assert!(handle.keys().is_empty());
    assert_eq!(reader.removed.load(SeqCst), 4);
}

#[test]
fn keys_that_threads_add_at_once_while_the_layer_is_forced_open_are_observed_once() {
    const KEYS: usize = 300;
    let seen = Arc::new(Seen::default());
    let (_, handle) = with(CircuitBreakerLayer::per_authority().observe(seen.clone()));
    handle.force_open();
    let add = || (0..KEYS).for_each(|key| drop(handle.by_key(&key.to_string())));
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
    let seen = seen.take();
    let count = |text| seen.iter().filter(|seen| *seen == text).count();
    assert_eq!((count("added"), count("closed to forced_open")), (KEYS + 1, KEYS + 1));
    assert!(handle.keys().iter().all(|(_, state)| *state == State::ForcedOpen));
}
