//! The task that supervises the connections of a runtime, outside of requests.

use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::Arc,
    time::Duration,
};

use battlement_core::spread;
use battlement_rate_limit::remote::until;
use redis::cmd;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::probe;
use crate::{
    client::{Client, Phase, SignalSet},
    connection::Connection,
    fault::{Fault, Unreachable},
};

/// The shortest and the longest backoff between two probes of unavailable groups, each with up to as much jitter. The
/// backoff grows with the outage, up to a fifth of its length.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);
const GROWTH: f64 = 1.25;
/// The interval at which all connections are pinged, so that a connection that was closed or lost while it was idle
/// fails a ping and not a request.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// The number of probes of unavailable groups after which the slots are read again.
const ROUNDS_BETWEEN_REFRESHES: u32 = 5;
/// The shortest interval between two reads of the slots while slots migrate.
const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// Supervises the connections until the last handle is dropped. `report` is called when the state may have changed.
pub(crate) async fn supervise(client: &Arc<Client>, report: impl Fn(Option<&Fault>)) {
    tokio::select! {
        () = Supervisor::new(client, report).run() => {}
        () = client.breaker.signals().ended() => {}
    }
}

struct Supervisor<'a, T> {
    client: &'a Arc<Client>,
    report: T,
    /// The faults of unavailable groups.
    faults: BTreeMap<usize, Fault>,
    backoff: Backoff,
    rounds: u32,
    refreshed: Instant,
    /// The time of the last pings. Signals and probes do not reset it, since they may come more often than the interval.
    pinged: Instant,
}

impl<'a, T: Fn(Option<&Fault>)> Supervisor<'a, T> {
    fn new(client: &'a Arc<Client>, report: T) -> Self {
        let (faults, backoff, now) = (BTreeMap::new(), Backoff::default(), Instant::now());
        Self { client, report, faults, backoff, rounds: 0, refreshed: now, pinged: now }
    }

    async fn run(mut self) {
        self.retry((0..self.client.breaker.groups()).collect()).await;
        loop {
            self.settle();
            let signals = tokio::select! {
                signals = self.client.breaker.signals().next() => signals,
                () = self.backoff.wait_if(!self.faults.is_empty()) => SignalSet { changed: true, ..SignalSet::default() },
                () = sleep_until(self.pinged + PING_INTERVAL) => self.ping().await,
            };
            self.handle(&signals).await;
        }
    }

    /// Pings each connection, and returns the groups of those that did not answer.
    async fn ping(&mut self) -> SignalSet {
        let signals = ping_all(self.client).await;
        self.pinged = Instant::now();
        signals
    }

    async fn handle(&mut self, signals: &SignalSet) {
        if signals.moved && self.refreshed.elapsed() > REFRESH_INTERVAL {
            // If that fails, slots stay where the redirections have moved them.
            let _ = self.client.link.refresh().await;
            self.refreshed = Instant::now();
        }
        let others = self.faults.keys().copied().collect::<Vec<_>>();
        let fails = self.suspect(signals).await;
        if signals.changed && !others.is_empty() {
            self.retry(others).await;
        } else if fails {
            // The fault may be limited to the connection: another one is tried at once.
            self.retry(self.faults.keys().copied().collect()).await;
        }
        if self.faults.is_empty() {
            (self.backoff, self.rounds) = (Backoff::default(), 0);
        }
    }

    /// Enters the phase that follows from the states of the groups.
    fn settle(&self) {
        let is_down = self.faults.len() == self.client.breaker.groups();
        self.client.breaker.enter(if is_down { Phase::Down } else { Phase::Up });
        (self.report)(self.faults.values().next());
    }

    /// Probes the groups of late or failed calls, and those without a connection. If one of them is unavailable,
    /// probes all others too. Returns whether one is unavailable.
    async fn suspect(&mut self, signals: &SignalSet) -> bool {
        let is_suspect = |group: &usize| {
            let slot = probe::slot(self.client, *group);
            signals.suspects >> group & 1 == 1
                || (signals.changed && self.client.link.open(slot).is_none())
        };
        let suspects = self.available().into_iter().filter(is_suspect).collect();
        let fails = self.sweep(suspects).await;
        if fails {
            self.settle();
            self.sweep(self.available()).await;
        }
        fails
    }

    /// Probes groups again. A connection on which a probe was late is discarded first.
    async fn retry(&mut self, groups: Vec<usize>) {
        for group in &groups {
            if self.faults.get(group) == Some(&Fault::Late) {
                self.client.link.renew(probe::slot(self.client, *group));
            }
        }
        let is_due = self.rounds.is_multiple_of(ROUNDS_BETWEEN_REFRESHES);
        self.rounds += 1;
        let refreshed = if is_due { self.client.link.refresh().await } else { Ok(()) };
        self.sweep(groups).await;
        if let Err(fault) = refreshed {
            // Without slots, the faults of the groups only say that there are none.
            let nothing = Fault::Unreachable(Unreachable::NoSlots);
            let unknown = self.faults.values_mut().filter(|why| **why == nothing);
            unknown.for_each(|why| *why = fault.clone());
        }
        // The changes were handled by this attempt.
        self.client.breaker.signals().clear_changes();
    }

    /// Probes groups, and returns whether one is unavailable.
    async fn sweep(&mut self, groups: Vec<usize>) -> bool {
        let mut fails = false;
        for (group, result) in probe::sweep(self.client, groups).await {
            match result {
                Ok(()) => {
                    self.faults.remove(&group);
                    self.client.breaker.set_open(group, false);
                }
                Err(fault) => {
                    fails = true;
                    self.faults.insert(group, fault);
                    self.client.breaker.set_open(group, true);
                }
            }
        }
        fails
    }

    fn available(&self) -> Vec<usize> {
        (0..self.client.breaker.groups()).filter(|group| !self.faults.contains_key(group)).collect()
    }
}

/// Pings each connection once, however many groups use it.
async fn ping_all(client: &Arc<Client>) -> SignalSet {
    let mut groups_of = HashMap::<usize, (Arc<Connection>, u128)>::new();
    for group in 0..client.breaker.groups() {
        if let Some(connection) = client.link.open(probe::slot(client, group)) {
            let entry = groups_of.entry(Arc::as_ptr(&connection).addr()).or_insert((connection, 0));
            entry.1 |= 1 << group;
        }
    }
    let mut pings = JoinSet::new();
    for (connection, groups) in groups_of.into_values() {
        let deadline = client.settings.deadline;
        pings.spawn(async move {
            let ping = connection.send(cmd("PING").get_packed_command());
            let answered = until(Instant::now() + deadline, deadline, |_| {}, ping).await;
            if matches!(answered, Ok(Ok(_))) { 0 } else { groups }
        });
    }
    let suspects = pings.join_all().await.into_iter().fold(0, |all, groups| all | groups);
    SignalSet { suspects, ..SignalSet::default() }
}

/// An exponential backoff with jitter. A wait that is interrupted continues the next time, so that frequent
/// interruptions do not postpone its end.
#[derive(Default)]
struct Backoff {
    passed: i32,
    until: Option<Instant>,
}

impl Backoff {
    async fn wait(&mut self) {
        let until = *self.until.get_or_insert_with(|| {
            let backoff = MIN_BACKOFF.mul_f64(GROWTH.powi(self.passed.min(30))).min(MAX_BACKOFF);
            Instant::now() + spread(backoff / 2, backoff)
        });
        sleep_until(until).await;
        (self.passed, self.until) = (self.passed.saturating_add(1), None);
    }

    async fn wait_if(&mut self, passes: bool) {
        if passes { self.wait().await } else { pending().await }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn unavailable_nodes_are_probed_however_often_other_nodes_fail() {
        let (mut backoff, began) = (Backoff::default(), Instant::now());
        let others = Duration::from_millis(10);
        let mut interruptions = 0;
        while timeout(others, backoff.wait()).await.is_err() {
            interruptions += 1;
            assert!(interruptions < 100, "the wait never ends");
        }
        assert!((MIN_BACKOFF / 2..MIN_BACKOFF * 2).contains(&began.elapsed()));
    }
}
