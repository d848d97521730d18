use std::sync::atomic::Ordering;

use battlement_core::{Failure, Verdict};

use super::{Breaker, Word};
use crate::{
    State,
    config::Config,
    open_for::nanos,
    random,
    state::Opening,
    ticket::{Kind, Ticket},
    trip::Tally,
    window::Class,
};

/// The result of a call that counts.
#[derive(Clone, Copy)]
struct Outcome {
    failed: bool,
    slow: bool,
}

impl Breaker {
    /// Records the verdict on a call. A ticket of an older generation is ignored.
    pub(crate) fn settle(&self, ticket: &Ticket, verdict: Verdict, tick: u64) {
        if self.word() != ticket.word() {
            return;
        }
        match verdict {
            Verdict::Success => self.succeeded(ticket, tick),
            Verdict::Failure(failure) if Class::of(failure) != Class::Ignored => {
                self.failed(ticket, failure, tick);
            }
            _ => self.ignored(ticket, tick),
        }
    }

    /// Gives back the slot of a probe.
    pub(crate) fn give_back(&self, ticket: &Ticket, number: u32) {
        self.change_if(ticket.word(), 0, |course| course.give_back(number));
    }

    /// Notes that a probe has received a message.
    pub(crate) fn delivered(&self, ticket: &Ticket, number: u32) {
        self.change_if(ticket.word(), 0, |course| course.delivered(number));
    }

    /// Counts a success that concerns the time windows alone, of a call that was not slow.
    #[inline]
    pub(crate) fn succeed(&self, word: Word, tick: u64) {
        if self.word() == word {
            self.count_success(word, tick);
            if let Some(slot) = self.shared.slow_slot(tick) {
                self.slow.record(false, word.generation(), slot);
            }
        }
    }

    #[inline]
    fn count_success(&self, word: Word, tick: u64) {
        let generation = word.generation();
        self.window.record(Class::Success, generation, self.shared.slot(tick));
        self.streak.end(generation);
    }

    fn succeeded(&self, ticket: &Ticket, tick: u64) {
        self.count_success(ticket.word(), tick);
        if self.shared.counts_more() || ticket.kind() != Kind::Call {
            let slow = ticket.is_slow(tick);
            self.conclude(ticket, Outcome { failed: false, slow }, tick);
        }
    }

    #[cold]
    fn failed(&self, ticket: &Ticket, failure: Failure, tick: u64) {
        let generation = ticket.word().generation();
        self.window.record(Class::of(failure), generation, self.shared.slot(tick));
        // The failures of all threads change this word, so of two the later one sees both in the window.
        self.streak.fail(generation);
        if let Some(wait) = failure.retry_after() {
            self.asked.fetch_max(tick.saturating_add(nanos(wait)), Ordering::Relaxed);
        }
        self.conclude(ticket, Outcome { failed: true, slow: ticket.is_slow(tick) }, tick);
    }

    #[cold]
    fn ignored(&self, ticket: &Ticket, tick: u64) {
        let generation = ticket.word().generation();
        self.window.record(Class::Ignored, generation, self.shared.slot(tick));
        if let Kind::Probe(number) = ticket.kind() {
            self.give_back(ticket, number);
        }
    }

    /// Counts a result for all but the time window, and moves the state if it must.
    fn conclude(&self, ticket: &Ticket, outcome: Outcome, tick: u64) {
        let word = ticket.word();
        if self.shared.counts_more() {
            self.count_more(word, outcome, tick);
        }
        match ticket.kind() {
            Kind::Probe(number) => self.probed(word, number, outcome, tick),
            _ if word.state() == State::Closed && (outcome.failed || outcome.slow) => {
                self.consider(word, outcome, tick);
            }
            _ => {}
        }
    }

    fn count_more(&self, word: Word, outcome: Outcome, tick: u64) {
        let generation = word.generation();
        if let Some(slot) = self.shared.slow_slot(tick) {
            self.slow.record(outcome.slow, generation, slot);
        }
        let (calls, slow_calls) = self.shared.rings();
        if calls + slow_calls > 0 {
            let mut rings = self.rings();
            rings.failures.push(outcome.failed, generation, calls);
            rings.slow.push(outcome.slow, generation, slow_calls);
        }
    }

    fn probed(&self, word: Word, number: u32, outcome: Outcome, tick: u64) {
        let (config, opening) = (self.shared.config(), self.opening(word, tick));
        let success = !outcome.failed && !outcome.slow;
        self.change_if(word, tick, |course| {
            course.probed(number, success, tick, &config, &opening);
        });
    }

    /// Opens the breaker if the counts with this result say so.
    fn consider(&self, word: Word, outcome: Outcome, tick: u64) {
        let config = self.shared.config();
        if config.trip.trips(&self.tally(word, tick), outcome.failed, outcome.slow) {
            self.trip(word, tick, &config);
        }
    }

    fn tally(&self, word: Word, tick: u64) -> Tally {
        let generation = word.generation();
        let mut tally = Tally {
            time: self.counts(word, tick).share(),
            streak: self.streak.count(generation),
            ..Tally::default()
        };
        if self.shared.counts_more() {
            let rings = self.rings();
            tally.calls = rings.failures.share(generation);
            tally.slow = match self.shared.slow_slot(tick) {
                Some(slot) => self.slow.share(generation, slot),
                None => rings.slow.share(generation),
            };
        }
        tally
    }

    /// Opens the breaker, unless another thread has moved it, or too many other keys are open.
    fn trip(&self, word: Word, tick: u64, config: &Config) {
        let opening = self.opening(word, tick);
        let mut is_held = false;
        self.change_if(word, tick, |course| {
            is_held = !self.may_open(config);
            if !is_held {
                course.open(tick, config, &opening);
            }
        });
        if let (Some(report), true) = (&self.report, is_held) {
            report.held_closed();
        }
    }

    fn opening(&self, word: Word, tick: u64) -> Opening {
        let asked = self.asked.load(Ordering::Relaxed);
        Opening { random: random::draw(), asked, counts: self.counts(word, tick) }
    }
}
