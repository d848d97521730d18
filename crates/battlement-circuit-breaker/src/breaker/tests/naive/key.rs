use super::*;
use crate::Counts;

const MS: u64 = 1_000_000;

/// The breakers of all keys, as lists of what has happened. Times are nanoseconds.
pub(super) struct Naive {
    pub(super) keys: Vec<Key>,
    pub(super) rules: Rules,
    pub(super) seen: Seen,
    calls: u64,
}

/// The parts of the machine that the steps have reached.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) openings: u32,
    pub(super) reopenings: u32,
    pub(super) recoveries: u32,
    pub(super) held: u32,
    pub(super) streams: u32,
    pub(super) stale: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) state: State,
    generation: u64,
    /// The results of this generation.
    results: Vec<Outcome>,
    probes: Vec<Probe>,
    row: u32,
    interval: u64,
    closed_at: Option<u64>,
    opened_at: u64,
    until: u64,
    pub(super) asked: u64,
    pub(super) openings: u64,
    pub(super) rejections: u64,
}

#[derive(Clone, Copy, Debug)]
struct Outcome {
    at: u64,
    verdict: Verdict,
    slow: bool,
}

/// A probe of this generation. One that has ended without a verdict is removed.
#[derive(Clone, Copy, Debug)]
struct Probe {
    id: u64,
    deadline: u64,
    is_overdue: bool,
    delivered: bool,
    success: Option<bool>,
}

/// A call under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) key: usize,
    generation: u64,
    id: u64,
    start: u64,
    pub(super) answered: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Admitted {
    Pass,
    Probe,
    Shadow,
    Rejected(Duration),
}

impl Outcome {
    /// Returns whether the call failed, or `None` if it does not count.
    fn failed(&self) -> Option<bool> {
        match self.verdict {
            Verdict::Success => Some(false),
            Verdict::Failure(failure) => failure.is_upstream().then_some(true),
            _ => None,
        }
    }
}

impl Naive {
    pub(super) fn new(keys: usize) -> Self {
        let key = Key {
            state: State::Closed,
            generation: 0,
            results: Vec::new(),
            probes: Vec::new(),
            row: 0,
            interval: 0,
            closed_at: None,
            opened_at: 0,
            until: 0,
            asked: 0,
            openings: 0,
            rejections: 0,
        };
        Self { keys: vec![key; keys], rules: Rules::ALL[0], seen: Seen::default(), calls: 0 }
    }

    pub(super) fn admit(&mut self, at: usize, now: u64) -> (Admitted, Call) {
        self.advance(at, now);
        let (rules, key) = (self.rules, &mut self.keys[at]);
        self.calls += 1;
        let id = self.calls;
        let admitted = match key.state {
            State::Closed | State::ForcedClosed => Admitted::Pass,
            State::HalfOpen if key.has_slot(&rules) => {
                let deadline = now + key.interval;
                let probe =
                    Probe { id, deadline, is_overdue: false, delivered: false, success: None };
                key.probes.push(probe);
                Admitted::Probe
            }
            state => {
                key.rejections += 1;
                let rest = match state {
                    State::Open => key.until - now,
                    State::HalfOpen => key.next_slot(&rules) - now,
                    _ => rules.first * MS,
                };
                if rules.shadow { Admitted::Shadow } else { Admitted::Rejected(nanos(rest)) }
            }
        };
        (admitted, Call { key: at, generation: key.generation, id, start: now, answered: None })
    }

    pub(super) fn settle(&mut self, call: &Call, verdict: Verdict, now: u64) {
        let rules = self.rules;
        let key = &mut self.keys[call.key];
        if key.generation != call.generation {
            self.seen.stale += 1;
            return;
        }
        let waited = call.answered.unwrap_or(now) - call.start;
        let slow = rules.slow.is_some() && waited > 1_000 * MS;
        let outcome = Outcome { at: now, verdict, slow };
        key.results.push(outcome);
        let asked = match verdict {
            Verdict::Failure(failure) => failure.retry_after(),
            _ => None,
        };
        if let Some(wait) = asked {
            key.asked = key.asked.max(now + wait.as_nanos() as u64);
        }
        let is_probe = key.probes.iter().any(|probe| probe.id == call.id);
        match outcome.failed() {
            None => self.give_back(call),
            Some(failed) if is_probe => self.probed(call, !failed && !slow, now),
            Some(failed) if key.state == State::Closed && (failed || slow) => {
                if self.trips(call.key, failed, slow, now) {
                    self.trip(call.key, now);
                }
            }
            Some(_) => {}
        }
    }

    fn probed(&mut self, call: &Call, success: bool, now: u64) {
        self.advance(call.key, now);
        let key = &mut self.keys[call.key];
        if key.generation != call.generation {
            return;
        }
        let probe = key.probes.iter_mut().find(|probe| probe.id == call.id).unwrap();
        probe.success.get_or_insert(success);
        let (probes, successes) = self.rules.trial.unwrap();
        if key.verdicts(true) >= successes {
            self.close(call.key, now);
        } else if key.verdicts(false) > probes - successes {
            self.seen.reopenings += 1;
            self.open(call.key, now);
        }
    }

    pub(super) fn give_back(&mut self, call: &Call) {
        let key = &mut self.keys[call.key];
        if key.generation == call.generation {
            key.probes.retain(|probe| probe.id != call.id || probe.success.is_some());
        }
    }

    pub(super) fn deliver(&mut self, call: &Call) {
        let key = &mut self.keys[call.key];
        if key.generation == call.generation {
            let of = key.probes.iter_mut().filter(|probe| probe.id == call.id);
            of.for_each(|probe| probe.delivered |= !probe.is_overdue);
        }
    }

    /// Moves a key to the state of `now`.
    pub(super) fn advance(&mut self, at: usize, now: u64) {
        let key = &mut self.keys[at];
        match (key.state, self.rules.trial) {
            (State::Open, Some(_)) if now >= key.until => key.enter(State::HalfOpen),
            (State::Open, None) if now >= key.until => self.close(at, now),
            (State::HalfOpen, Some((_, successes))) => {
                for probe in key.probes.iter_mut().filter(|probe| probe.deadline <= now) {
                    if probe.success.is_none() && !probe.is_overdue && probe.delivered {
                        probe.success = Some(true);
                        self.seen.streams += 1;
                    }
                    probe.is_overdue = true;
                }
                if key.verdicts(true) >= successes {
                    self.close(at, now);
                }
            }
            _ => {}
        }
    }

    fn trip(&mut self, at: usize, now: u64) {
        let open = self.keys.iter().filter(|key| key.state.is_tripped()).count() + 1;
        if open as f64 > self.rules.max_open * self.keys.len() as f64 {
            self.seen.held += 1;
        } else {
            self.open(at, now);
        }
    }

    fn open(&mut self, at: usize, now: u64) {
        self.seen.openings += 1;
        let (rules, key) = (self.rules, &mut self.keys[at]);
        let is_closed = key.state == State::Closed;
        let is_healthy = key.closed_at.is_none_or(|at| now - at >= key.interval);
        key.row = if is_closed && is_healthy { 0 } else { key.row + 1 };
        key.interval = (0..key.row).fold(rules.first, |of, _| (2 * of).min(rules.cap)) * MS;
        key.opened_at = if is_closed { now } else { key.opened_at };
        key.until = (now + key.interval).max(key.asked.min(now + rules.cap * MS));
        key.openings += 1;
        key.enter(State::Open);
    }

    fn close(&mut self, at: usize, now: u64) {
        self.seen.recoveries += 1;
        let key = &mut self.keys[at];
        (key.closed_at, key.asked) = (Some(now), 0);
        key.enter(State::Closed);
    }

    pub(super) fn force(&mut self, at: usize, state: State) {
        let key = &mut self.keys[at];
        key.closed_at = None;
        if key.state.is_tripped() {
            key.asked = 0;
        }
        key.enter(state);
    }

    pub(super) fn unforce(&mut self, at: usize) {
        if matches!(self.keys[at].state, State::ForcedOpen | State::ForcedClosed) {
            self.force(at, State::Closed);
        }
    }

    pub(super) fn renew(&mut self, rules: &Rules, now: u64) {
        self.rules = *rules;
        for at in 0..self.keys.len() {
            if self.keys[at].state == State::HalfOpen && rules.trial.is_none() {
                self.close(at, now);
            } else {
                let state = self.keys[at].state;
                self.keys[at].enter(state);
            }
        }
    }

    fn trips(&self, at: usize, failed: bool, slow: bool, now: u64) -> bool {
        let (rules, key) = (&self.rules, &self.keys[at]);
        let by_time = |seconds| key.within(now, seconds);
        let failures = |results: &[Outcome]| {
            results.iter().filter(|result| result.failed() == Some(true)).count()
        };
        let rates = [
            rules.time.map(|(share, minimum, window)| (share, minimum, by_time(window))),
            rules.calls.map(|(share, minimum, calls)| (share, minimum, key.last(calls))),
        ];
        let reached = |(share, minimum, results): &(f64, u32, Vec<Outcome>), part: usize| {
            results.len() >= *minimum as usize && part as f64 >= share * results.len() as f64
        };
        let by_rate = rates.iter().flatten().any(|rate| reached(rate, failures(&rate.2)));
        let is_low = rates.iter().flatten().all(|rate| rate.2.len() < rate.1 as usize);
        let in_a_row = rules
            .consecutive
            .is_some_and(|(most, below)| key.streak() >= u64::from(most) && (!below || is_low));
        let by_slow = rules.slow.is_some_and(|(share, minimum, over)| {
            let results = over.map_or_else(|calls| key.last(calls), by_time);
            let part = results.iter().filter(|result| result.slow).count();
            reached(&(share, minimum, results), part)
        });
        failed && (by_rate || in_a_row) || slow && by_slow
    }

    pub(super) fn counts(&self, at: usize, now: u64) -> Counts {
        let seconds = self.rules.time.map_or(10, |(_, _, window)| window);
        let mut counts = Counts::default();
        for result in self.keys[at].all_within(now, seconds) {
            match result.verdict {
                Verdict::Success => counts.success += 1,
                Verdict::Failure(Failure::Server) => counts.server += 1,
                Verdict::Failure(Failure::Timeout) => counts.timeout += 1,
                Verdict::Failure(Failure::Overload { .. }) => counts.overload += 1,
                _ => counts.ignored += 1,
            }
        }
        counts
    }

    pub(super) fn open_since(&self, at: usize, now: u64) -> Option<Duration> {
        let key = &self.keys[at];
        key.state.is_tripped().then(|| nanos(now - key.opened_at))
    }

    pub(super) fn next_probe(&self, at: usize, now: u64) -> Option<Duration> {
        let key = &self.keys[at];
        match key.state {
            State::Open => Some(nanos(key.until.saturating_sub(now))),
            State::HalfOpen => Some(nanos(key.next_slot(&self.rules).saturating_sub(now))),
            _ => None,
        }
    }
}

impl Key {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
        self.results.clear();
        self.probes.clear();
    }

    /// Returns the failures in a row at the end of the results.
    pub(super) fn streak(&self) -> u64 {
        let counted = self.results.iter().rev().filter_map(Outcome::failed);
        counted.take_while(|failed| *failed).count() as u64
    }

    /// Returns the results in the last ten tenths of a window that begin at its multiples.
    fn all_within(&self, now: u64, seconds: u64) -> impl Iterator<Item = Outcome> {
        let tenth = move |at: u64| at / (seconds * 100 * MS);
        self.results.iter().copied().filter(move |result| tenth(result.at) + 10 > tenth(now))
    }

    fn within(&self, now: u64, seconds: u64) -> Vec<Outcome> {
        self.all_within(now, seconds).filter(|result| result.failed().is_some()).collect()
    }

    /// Returns the last results that count.
    fn last(&self, calls: u32) -> Vec<Outcome> {
        let counted = self.results.iter().rev().filter(|result| result.failed().is_some());
        counted.take(calls as usize).copied().collect()
    }

    fn verdicts(&self, success: bool) -> u32 {
        self.probes.iter().filter(|probe| probe.success == Some(success)).count() as u32
    }

    fn with_slot(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().filter(|probe| probe.success.is_none() && !probe.is_overdue)
    }

    fn has_slot(&self, rules: &Rules) -> bool {
        let verdicts = self.verdicts(true) + self.verdicts(false);
        self.with_slot().count() as u32 + verdicts < rules.trial.unwrap().0
    }

    fn next_slot(&self, rules: &Rules) -> u64 {
        let first = self.with_slot().map(|probe| probe.deadline).min().unwrap_or(0);
        if self.has_slot(rules) { 0 } else { first }
    }
}

fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}
