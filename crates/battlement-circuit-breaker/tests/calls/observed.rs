use std::sync::{Arc, Mutex};

use battlement_circuit_breaker::{CallOutcome, CircuitBreakerLayer, Observe, State, Transition};
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

    fn overflowed(&self) {
        self.push("overflowed");
    }

    fn held_closed(&self) {
        self.push("held closed");
    }
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
