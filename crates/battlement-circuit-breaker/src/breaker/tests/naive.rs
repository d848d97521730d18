//! Random steps on several keys, against a model that keeps lists.

use std::cell::RefCell;

use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};

use self::{
    key::{Admitted, Key, Naive, Seen},
    rules::Rules,
};
use super::*;
use crate::{
    desk::{Desk, KeyDesk},
    observe::Observer,
};

mod key;
mod rules;

const KEYS: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Call(usize),
    Answer(usize),
    Deliver(usize),
    Settle(usize, Verdict),
    Drop(usize),
    Look(usize),
    Force(usize, bool),
    Unforce(usize),
    Reset(usize),
    Settings(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdicts =
        vec![OK, OK, FAILED, FAILED, TIMED_OUT, BUSY, Verdict::Ignore, asks(2), asks(90)];
    let pauses = vec![0, 1, 40, 250, 1_000, 1_001, 3_000, 10_000, 61_000];
    let key = 0..KEYS;
    let step = prop_oneof![
        20 => select(pauses).prop_map(Step::Pass),
        40 => key.clone().prop_map(Step::Call),
        3 => any::<usize>().prop_map(Step::Answer),
        4 => any::<usize>().prop_map(Step::Deliver),
        40 => (any::<usize>(), select(verdicts)).prop_map(|(at, verdict)| Step::Settle(at, verdict)),
        3 => any::<usize>().prop_map(Step::Drop),
        10 => key.clone().prop_map(Step::Look),
        1 => (key.clone(), any::<bool>()).prop_map(|(key, open)| Step::Force(key, open)),
        3 => key.clone().prop_map(Step::Unforce),
        1 => key.prop_map(Step::Reset),
        1 => (0..Rules::ALL.len()).prop_map(Step::Settings),
    ];
    vec(step, 10_000)
}

/// The breakers and the model, side by side.
struct Pair {
    shared: Arc<Shared>,
    breakers: Vec<Arc<Breaker>>,
    naive: Naive,
    tickets: Vec<(Ticket, key::Call)>,
    now: Instant,
}

impl Pair {
    fn new() -> Self {
        let shared = Shared::new(Rules::ALL[0].config());
        let desk = Arc::new(Desk::new("test", Observer::default(), true));
        let breaker = |key: usize| {
            assert!(desk.reserve(KEYS));
            let report = KeyDesk::boxed(&desk, Some(&key.to_string()));
            Breaker::new(Arc::clone(&shared), report)
        };
        let breakers = (0..KEYS).map(breaker).collect();
        Self { shared, breakers, naive: Naive::new(KEYS), tickets: Vec::new(), now: Instant::now() }
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (now, tick) = (self.now, self.shared.tick(self.now));
        let naive = &mut self.naive;
        match step {
            Step::Pass(milliseconds) => self.now += Duration::from_millis(milliseconds),
            Step::Call(key) => return self.call(key, tick),
            Step::Answer(at) => self.with_ticket(at, |ticket, call, _| {
                ticket.answered(now);
                call.answered = Some(tick);
            }),
            Step::Deliver(at) => self.with_ticket(at, |ticket, call, naive| {
                // The state follows from the clock.
                ticket.breaker().snapshot(now);
                naive.advance(call.key, tick);
                ticket.delivered();
                naive.deliver(call);
            }),
            Step::Settle(at, verdict) => {
                if let Some((ticket, call)) = self.take(at) {
                    ticket.settle(verdict, now);
                    self.naive.settle(&call, verdict, tick);
                }
            }
            Step::Drop(at) => {
                if let Some((ticket, call)) = self.take(at) {
                    drop(ticket);
                    self.naive.give_back(&call);
                }
            }
            Step::Look(key) => return self.look(key, tick),
            Step::Force(key, open) => {
                self.breakers[key].force(open, now);
                naive.force(key, if open { State::ForcedOpen } else { State::ForcedClosed });
            }
            Step::Unforce(key) => {
                self.breakers[key].unforce(now);
                naive.unforce(key);
            }
            Step::Reset(key) => {
                self.breakers[key].reset(now);
                naive.force(key, State::Closed);
                naive.keys[key].asked = 0;
            }
            Step::Settings(index) => {
                self.shared.replace(Rules::ALL[index].config());
                self.breakers.iter().for_each(|breaker| breaker.renew(now));
                naive.renew(&Rules::ALL[index], tick);
            }
        }
        Ok(())
    }

    fn call(&mut self, key: usize, tick: u64) -> Result<(), TestCaseError> {
        let (admitted, call) = self.naive.admit(key, tick);
        match self.breakers[key].admit(self.now) {
            Ok(ticket) => {
                let kind = match ticket.kind() {
                    Kind::Probe(_) => Admitted::Probe,
                    Kind::Shadow => Admitted::Shadow,
                    _ => Admitted::Pass,
                };
                prop_assert_eq!(admitted, kind);
                self.tickets.push((ticket, call));
            }
            Err(rest) => {
                let Admitted::Rejected(expected) = admitted else {
                    panic!("{admitted:?}, {rest:?}")
                };
                let first = Duration::from_millis(self.naive.rules.first);
                prop_assert!(rest >= expected && rest <= expected + first / 10, "{:?}", rest);
            }
        }
        Ok(())
    }

    fn look(&mut self, key: usize, tick: u64) -> Result<(), TestCaseError> {
        self.naive.advance(key, tick);
        let (seen, naive) = (self.breakers[key].snapshot(self.now), &self.naive);
        let Key { state, openings, rejections, .. } = naive.keys[key];
        prop_assert_eq!((seen.state, seen.openings), (state, openings));
        prop_assert_eq!((seen.rejections, seen.shadow), (rejections, naive.rules.shadow));
        prop_assert_eq!(seen.counts, naive.counts(key, tick));
        prop_assert_eq!(seen.consecutive_failures, naive.keys[key].streak());
        prop_assert_eq!(seen.open_since, naive.open_since(key, tick));
        prop_assert_eq!(seen.next_probe, naive.next_probe(key, tick));
        Ok(())
    }

    fn with_ticket(
        &mut self,
        at: usize,
        work: impl FnOnce(&mut Ticket, &mut key::Call, &mut Naive),
    ) {
        let number = self.tickets.len().max(1);
        if let Some((ticket, call)) = self.tickets.get_mut(at % number) {
            work(ticket, call, &mut self.naive);
        }
    }

    fn take(&mut self, at: usize) -> Option<(Ticket, key::Call)> {
        let number = self.tickets.len();
        (number > 0).then(|| self.tickets.swap_remove(at % number))
    }
}

/// Takes the steps on both sides, and returns what they have reached.
fn walk(steps: Vec<Step>) -> Result<Seen, TestCaseError> {
    let mut pair = Pair::new();
    for (number, step) in steps.into_iter().enumerate() {
        let failed =
            |error: TestCaseError| TestCaseError::fail(format!("step {number}, {step:?}: {error}"));
        pair.step(step).map_err(failed)?;
    }
    let tick = pair.shared.tick(pair.now);
    (0..KEYS).try_for_each(|key| pair.look(key, tick))?;
    Ok(pair.naive.seen)
}

#[test]
fn ten_thousand_steps_on_five_keys_equal_the_naive_model() {
    let config = ProptestConfig {
        cases: 6,
        max_shrink_iters: 500,
        source_file: Some(file!()),
        ..ProptestConfig::default()
    };
    let seen = RefCell::new(Vec::new());
    let walked = TestRunner::new(config).run(&steps(), |steps| {
        seen.borrow_mut().push(walk(steps)?);
        Ok(())
    });
    assert!(walked.is_ok(), "{walked:?}");
    // A single walk may miss a part that is rare.
    let total = |count: fn(&Seen) -> u32| seen.borrow().iter().map(count).sum::<u32>();
    assert!(
        total(|seen| seen.openings) > 120
            && total(|seen| seen.recoveries) > 30
            && total(|seen| seen.reopenings) > 30
            && total(|seen| seen.held) > 0
            && total(|seen| seen.streams) > 0
            && total(|seen| seen.stale) > 300,
        "the steps reach every part: {seen:?}"
    );
}
