mod backoff;

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    select,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use self::backoff::Backoff;
use super::{
    Probe,
    breaker::{Breaker, Phase, SignalSet},
};

/// The interval at which all connections are pinged, so that a connection that was closed or lost while it was idle
/// fails a ping and not a request.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// The number of probes of unavailable groups after which the servers of the keys are read again.
const ROUNDS_BETWEEN_REFRESHES: u32 = 5;
/// The shortest interval between two reads of the servers while keys move.
const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// Supervises a store until the breaker is [closed](Breaker::close): opens its circuit breakers where probes fail, and
/// closes them where probes succeed again.
///
/// All groups are probed at first. Then a group is probed if a call was reported as late or failed
/// ([`Breaker::suspect`]), or if a ping was not answered. Unavailable groups are probed with a backoff that grows with
/// the outage, from 50 ms to 1 s on average, with jitter.
///
/// Run this in a task of the runtime that has the connections. If a [`Probe`] panics, the task panics as well, and the
/// breakers keep their states.
pub async fn supervise<P: Probe>(breaker: &Breaker, probe: P) {
    select! {
        () = Supervisor::new(breaker, probe).run() => {}
        () = breaker.signals().ended() => {}
    }
}

struct Supervisor<'a, P: Probe> {
    breaker: &'a Breaker,
    probe: P,
    /// The faults of unavailable groups.
    faults: BTreeMap<usize, P::Fault>,
    backoff: Backoff,
    rounds: u32,
    refreshed: Instant,
    /// Whether keys were moved since the last refresh.
    moved: bool,
    /// The time of the last pings. Signals and probes do not reset it, since they may come more often than the interval.
    pinged: Instant,
}

impl<'a, P: Probe> Supervisor<'a, P> {
    fn new(breaker: &'a Breaker, probe: P) -> Self {
        let (faults, backoff, now) = (BTreeMap::new(), Backoff::default(), Instant::now());
        Self {
            breaker,
            probe,
            faults,
            backoff,
            rounds: 0,
            refreshed: now,
            moved: false,
            pinged: now,
        }
    }

    async fn run(mut self) {
        self.retry((0..self.breaker.groups()).collect()).await;
        loop {
            self.settle();
            let signals = select! {
                signals = self.breaker.signals().next() => signals,
                () = self.backoff.wait_if(!self.faults.is_empty()) => SignalSet { changed: true, ..SignalSet::default() },
                () = sleep_until(self.refreshed + REFRESH_INTERVAL), if self.moved => SignalSet::default(),
                () = sleep_until(self.pinged + PING_INTERVAL) => self.ping().await,
            };
            self.handle(&signals).await;
        }
    }

    /// Pings each connection, and returns the groups whose connections did not answer.
    async fn ping(&mut self) -> SignalSet {
        let groups = self.probe.ping().await;
        self.pinged = Instant::now();
        let suspects = groups.into_iter().fold(0, |all, group| all | 1 << group);
        SignalSet { suspects, ..SignalSet::default() }
    }

    async fn handle(&mut self, signals: &SignalSet) {
        self.moved |= signals.moved;
        if self.moved && self.refreshed.elapsed() >= REFRESH_INTERVAL {
            // If the refresh fails, keys stay where calls were redirected to.
            self.probe.refresh().await;
            (self.refreshed, self.moved) = (Instant::now(), false);
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
    fn settle(&mut self) {
        let is_down = self.faults.len() == self.breaker.groups();
        self.breaker.enter(if is_down { Phase::Down } else { Phase::Up });
        self.probe.report(self.breaker.state(), self.faults.values().next());
    }

    /// Probes the groups of late or failed calls, and those without a connection. If one of them is unavailable,
    /// probes all others too. Returns whether one is unavailable.
    async fn suspect(&mut self, signals: &SignalSet) -> bool {
        let mut suspects = self.available();
        suspects.retain(|group| {
            signals.suspects >> group & 1 == 1
                || (signals.changed && !self.probe.is_connected(*group))
        });
        let fails = self.sweep(suspects).await;
        if fails {
            self.settle();
            self.sweep(self.available()).await;
        }
        fails
    }

    /// Probes groups again.
    async fn retry(&mut self, groups: Vec<usize>) {
        for group in &groups {
            if let Some(fault) = self.faults.get(group) {
                self.probe.prepare(*group, fault);
            }
        }
        if self.rounds.is_multiple_of(ROUNDS_BETWEEN_REFRESHES) {
            self.probe.refresh().await;
        }
        self.rounds += 1;
        self.sweep(groups).await;
        // The changes were handled by this attempt.
        self.breaker.signals().clear_changes();
    }

    /// Probes groups, and returns whether one is unavailable.
    async fn sweep(&mut self, groups: Vec<usize>) -> bool {
        let mut probes = JoinSet::new();
        for group in groups {
            let probe = self.probe.probe(group);
            probes.spawn(async move { (group, probe.await) });
        }
        let mut fails = false;
        for (group, result) in probes.join_all().await {
            self.breaker.set_open(group, result.is_err());
            match result {
                Ok(()) => drop(self.faults.remove(&group)),
                Err(fault) => {
                    fails = true;
                    self.faults.insert(group, fault);
                }
            }
        }
        fails
    }

    fn available(&self) -> Vec<usize> {
        (0..self.breaker.groups()).filter(|group| !self.faults.contains_key(group)).collect()
    }
}
