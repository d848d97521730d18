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
    client::{Engine, Phase},
    connection::Connection,
    deadline::until,
    fault::{Fault, Unreachable},
    probe,
    signals::Seen,
};
use crate::jitter;

/// The first pause between two tries to come back, and the longest; each is spread by as much again. The pauses grow
/// with the time that Redis is unavailable, to a fifth of it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const GROWTH: f64 = 1.25;
/// So often connections are used that may be idle: what closes idle ones, or lets them die in silence, is then met
/// here and not by a request.
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// After so many tries of groups that are unavailable, it is found out again which server has which slot.
const ROUNDS: u32 = 5;
/// So often, at most, that is found out where slots move.
const BETWEEN_REFRESHES: Duration = Duration::from_millis(100);

/// Looks after the connections until no handle is left. `tell` is called when the state may have changed.
pub(super) async fn run(engine: &Arc<Engine>, tell: impl Fn(Option<&Fault>)) {
    tokio::select! {
        () = Supervisor::new(engine, tell).run() => {}
        () = engine.signs.ended() => {}
    }
}

struct Supervisor<'a, T> {
    engine: &'a Arc<Engine>,
    tell: T,
    /// The groups that are unavailable, and why.
    faults: BTreeMap<usize, Fault>,
    pause: Pause,
    rounds: u32,
    refreshed: Instant,
}

impl<'a, T: Fn(Option<&Fault>)> Supervisor<'a, T> {
    fn new(engine: &'a Arc<Engine>, tell: T) -> Self {
        let (faults, pause) = (BTreeMap::new(), Pause::default());
        Self { engine, tell, faults, pause, rounds: 0, refreshed: Instant::now() }
    }

    async fn run(mut self) {
        self.retry((0..self.engine.groups.len()).collect()).await;
        loop {
            self.settle();
            let seen = tokio::select! {
                seen = self.engine.signs.next() => seen,
                () = self.pause.pass_if(!self.faults.is_empty()) => Seen { changed: true, ..Seen::default() },
                () = sleep(BETWEEN_LOOKS) => look(self.engine).await,
            };
            self.handle(&seen).await;
        }
    }

    async fn handle(&mut self, seen: &Seen) {
        if seen.moved && self.refreshed.elapsed() > BETWEEN_REFRESHES {
            // If that fails, slots stay where the redirections said that they are.
            let _ = self.engine.link.refresh().await;
            self.refreshed = Instant::now();
        }
        let others = self.faults.keys().copied().collect::<Vec<_>>();
        let fails = self.suspect(seen).await;
        if seen.changed && !others.is_empty() {
            self.retry(others).await;
        } else if fails {
            // The connection may be all that is broken: another one is tried at once.
            self.retry(self.faults.keys().copied().collect()).await;
        }
        if self.faults.is_empty() {
            (self.pause, self.rounds) = (Pause::default(), 0);
        }
    }

    /// Enters the phase that the groups make.
    fn settle(&self) {
        let is_down = self.faults.len() == self.engine.groups.len();
        self.engine.enter(if is_down { Phase::Down } else { Phase::Up });
        (self.tell)(self.faults.values().next());
    }

    /// Looks whether the groups of calls that were late or failed are unavailable, and those without a connection; if
    /// one is, all the others are looked at too. Returns whether one is.
    async fn suspect(&mut self, seen: &Seen) -> bool {
        let is_suspect = |group: &usize| {
            let slot = probe::slot(self.engine, *group);
            seen.suspects >> group & 1 == 1
                || (seen.changed && self.engine.link.open(slot).is_none())
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
                self.engine.link.renew(probe::slot(self.engine, *group));
            }
        }
        let is_due = self.rounds.is_multiple_of(ROUNDS);
        self.rounds += 1;
        let refreshed = if is_due { self.engine.link.refresh().await } else { Ok(()) };
        self.sweep(groups).await;
        if let Err(fault) = refreshed {
            // Without slots, all that the groups say is that there are none.
            let nothing = Fault::Unreachable(Unreachable::NoSlots);
            let unknown = self.faults.values_mut().filter(|why| **why == nothing);
            unknown.for_each(|why| *why = fault.clone());
        }
        // The attempt was made just now.
        self.engine.signs.forget_changes();
    }

    /// Probes groups, and returns whether one does not decide.
    async fn sweep(&mut self, groups: Vec<usize>) -> bool {
        let mut fails = false;
        for (group, result) in probe::sweep(self.engine, groups).await {
            match result {
                Ok(()) => {
                    self.faults.remove(&group);
                    self.engine.groups[group].close();
                }
                Err(fault) => {
                    fails = true;
                    self.faults.insert(group, fault);
                    self.engine.groups[group].open();
                }
            }
        }
        fails
    }

    fn available(&self) -> Vec<usize> {
        (0..self.engine.groups.len()).filter(|group| !self.faults.contains_key(group)).collect()
    }
}

/// Uses each connection, and returns the groups of those that did not answer.
async fn look(engine: &Arc<Engine>) -> Seen {
    let mut groups_of = HashMap::<usize, (Arc<Connection>, u128)>::new();
    for group in 0..engine.groups.len() {
        if let Some(connection) = engine.link.open(probe::slot(engine, group)) {
            let entry = groups_of.entry(Arc::as_ptr(&connection).addr()).or_insert((connection, 0));
            entry.1 |= 1 << group;
        }
    }
    let mut pings = JoinSet::new();
    for (connection, groups) in groups_of.into_values() {
        let deadline = engine.settings.deadline;
        pings.spawn(async move {
            let ping = connection.send(cmd("PING").get_packed_command());
            let answered = until(Instant::now() + deadline, deadline, |_| {}, ping).await;
            if matches!(answered, Ok(Ok(_))) { 0 } else { groups }
        });
    }
    let suspects = pings.join_all().await.into_iter().fold(0, |all, groups| all | groups);
    Seen { suspects, ..Seen::default() }
}

/// Longer and longer, and never the same for all processes. One that is broken off goes on the next time, so
/// that what is met meanwhile, however often, does not put off its end.
#[derive(Default)]
struct Pause {
    passed: i32,
    until: Option<Instant>,
}

impl Pause {
    async fn pass(&mut self) {
        let until = *self.until.get_or_insert_with(|| {
            let pause = FIRST_PAUSE.mul_f64(GROWTH.powi(self.passed.min(30))).min(LONGEST_PAUSE);
            Instant::now() + jitter::spread(pause / 2, pause)
        });
        sleep_until(until).await;
        (self.passed, self.until) = (self.passed.saturating_add(1), None);
    }

    async fn pass_if(&mut self, passes: bool) {
        if passes { self.pass().await } else { pending().await }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nodes_that_are_away_are_tried_again_however_often_others_fail_meanwhile() {
        let (mut pause, began) = (Pause::default(), Instant::now());
        let others = Duration::from_millis(10);
        let mut broken_off = 0;
        while timeout(others, pause.pass()).await.is_err() {
            broken_off += 1;
            assert!(broken_off < 100, "it never ends");
        }
        assert!((FIRST_PAUSE / 2..FIRST_PAUSE * 2).contains(&began.elapsed()));
    }
}
