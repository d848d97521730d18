//! The task that looks after the connections of a runtime, off the path of requests.

use std::{
    collections::{BTreeMap, HashMap},
    future::pending,
    sync::Arc,
    time::Duration,
};

use redis::cmd;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    client::{Client, Phase},
    connection::Connection,
    deadline::until,
    fault::{Fault, Unreachable},
    probe,
    signals::SignalSet,
};
use crate::jitter;

/// The first pause between two tries to come back, and the longest; each is spread by as much again. The pauses grow
/// with the time that Redis is unavailable, to a fifth of it.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);
const GROWTH: f64 = 1.25;
/// So often connections are used that may be idle: what closes idle ones, or lets them die in silence, is then met
/// here and not by a request.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// After so many tries of groups that are unavailable, it is found out again which server has which slot.
const ROUNDS_BETWEEN_REFRESHES: u32 = 5;
/// So often, at most, that is found out where slots move.
const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// Looks after the connections until no handle is left. `tell` is called when the state may have changed.
pub(super) async fn run(client: &Arc<Client>, report: impl Fn(Option<&Fault>)) {
    tokio::select! {
        () = Supervisor::new(client, report).run() => {}
        () = client.signals.ended() => {}
    }
}

struct Supervisor<'a, T> {
    client: &'a Arc<Client>,
    report: T,
    /// The groups that are unavailable, and why.
    faults: BTreeMap<usize, Fault>,
    backoff: Backoff,
    rounds: u32,
    refreshed: Instant,
}

impl<'a, T: Fn(Option<&Fault>)> Supervisor<'a, T> {
    fn new(client: &'a Arc<Client>, report: T) -> Self {
        let (faults, backoff) = (BTreeMap::new(), Backoff::default());
        Self { client, report, faults, backoff, rounds: 0, refreshed: Instant::now() }
    }

    async fn run(mut self) {
        self.retry((0..self.client.groups.len()).collect()).await;
        loop {
            self.settle();
            let signals = tokio::select! {
                signals = self.client.signals.next() => signals,
                () = self.backoff.wait_if(!self.faults.is_empty()) => SignalSet { changed: true, ..SignalSet::default() },
                () = sleep(PING_INTERVAL) => ping_all(self.client).await,
            };
            self.handle(&signals).await;
        }
    }

    async fn handle(&mut self, signals: &SignalSet) {
        if signals.moved && self.refreshed.elapsed() > REFRESH_INTERVAL {
            // If that fails, slots stay where the redirections said that they are.
            let _ = self.client.link.refresh().await;
            self.refreshed = Instant::now();
        }
        let others = self.faults.keys().copied().collect::<Vec<_>>();
        let fails = self.suspect(signals).await;
        if signals.changed && !others.is_empty() {
            self.retry(others).await;
        } else if fails {
            // The connection may be all that is broken: another one is tried at once.
            self.retry(self.faults.keys().copied().collect()).await;
        }
        if self.faults.is_empty() {
            (self.backoff, self.rounds) = (Backoff::default(), 0);
        }
    }

    /// Enters the phase that the groups make.
    fn settle(&self) {
        let is_down = self.faults.len() == self.client.groups.len();
        self.client.enter(if is_down { Phase::Down } else { Phase::Up });
        (self.report)(self.faults.values().next());
    }

    /// Looks whether the groups of calls that were late or failed are unavailable, and those without a connection; if
    /// one is, all the others are looked at too. Returns whether one is.
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

    /// Looks whether groups decide. A connection that a probe was late on is not used again.
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
            // Without slots, all that the groups say is that there are none.
            let nothing = Fault::Unreachable(Unreachable::NoSlots);
            let unknown = self.faults.values_mut().filter(|why| **why == nothing);
            unknown.for_each(|why| *why = fault.clone());
        }
        // The attempt was made just now.
        self.client.signals.clear_changes();
    }

    /// Probes groups, and returns whether one does not decide.
    async fn sweep(&mut self, groups: Vec<usize>) -> bool {
        let mut fails = false;
        for (group, result) in probe::sweep(self.client, groups).await {
            match result {
                Ok(()) => {
                    self.faults.remove(&group);
                    self.client.groups[group].close();
                }
                Err(fault) => {
                    fails = true;
                    self.faults.insert(group, fault);
                    self.client.groups[group].open();
                }
            }
        }
        fails
    }

    fn available(&self) -> Vec<usize> {
        (0..self.client.groups.len()).filter(|group| !self.faults.contains_key(group)).collect()
    }
}

/// Uses each connection, and returns the groups of those that did not answer.
async fn ping_all(client: &Arc<Client>) -> SignalSet {
    let mut groups_of = HashMap::<usize, (Arc<Connection>, u128)>::new();
    for group in 0..client.groups.len() {
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

/// Longer and longer, and never the same for all processes. One that is broken off goes on the next time, so
/// that what is met meanwhile, however often, does not put off its end.
#[derive(Default)]
struct Backoff {
    passed: i32,
    until: Option<Instant>,
}

impl Backoff {
    async fn wait(&mut self) {
        let until = *self.until.get_or_insert_with(|| {
            let backoff = MIN_BACKOFF.mul_f64(GROWTH.powi(self.passed.min(30))).min(MAX_BACKOFF);
            Instant::now() + jitter::spread(backoff / 2, backoff)
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
    async fn nodes_that_are_away_are_tried_again_however_often_others_fail_meanwhile() {
        let (mut backoff, began) = (Backoff::default(), Instant::now());
        let others = Duration::from_millis(10);
        let mut broken_off = 0;
        while timeout(others, backoff.wait()).await.is_err() {
            broken_off += 1;
            assert!(broken_off < 100, "it never ends");
        }
        assert!((MIN_BACKOFF / 2..MIN_BACKOFF * 2).contains(&began.elapsed()));
    }
}
