mod operations;
mod time;

use std::time::Duration;

use super::{
    case::{Case, Client, Step},
    flaw::{Checked, Flaw},
    policies::described,
    reference::Reference,
    states::{is_same, shown},
    subject::Subject,
};
use crate::{Decision, KeyHash, Outcome, Policies, PolicyState, Store};

/// The steps of a case, each on a store and on a reference, whose answers are compared.
pub(super) struct Walk<St, R: Reference> {
    subject: Subject<St>,
    /// The sets of policies, of which the first is current.
    sets: Vec<Policies>,
    keys: [Key<R>; 2],
    /// The longest wait of the latest answer, in nanoseconds.
    wait: u64,
    log: Vec<String>,
    is_over: bool,
}

/// A key with its expected state.
struct Key<R: Reference> {
    hash: KeyHash,
    expected: R,
    /// The charges that were neither refunded nor reset.
    charges: Vec<Charge<R::Charge>>,
}

struct Charge<C> {
    at: u64,
    policies: Policies,
    cost: u32,
    outcome: Outcome,
    expected: C,
}

impl<St: Store, R: Reference> Walk<St, R> {
    pub(super) fn new(mut subject: Subject<St>, sets: &[Policies], expected: &R) -> Self {
        let keys = [(); 2].map(|()| {
            let (hash, expected) = (subject.key(), expected.clone());
            Key { hash, expected, charges: Vec::new() }
        });
        Self { subject, sets: sets.to_vec(), keys, wait: 0, log: Vec::new(), is_over: false }
    }

    pub(super) async fn run(mut self, case: &Case) -> Checked {
        for step in &case.steps {
            if !self.is_over {
                self.step(*step).await?;
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: Step) -> Checked {
        match step {
            Step::Acquire(client, cost) => self.acquire(client, cost).await,
            Step::Peek(client, cost) => self.peek(client, cost).await,
            Step::Refund(client, nth) => self.refund(client, nth).await,
            Step::Reset(client) => self.reset(client).await,
            Step::Replace => {
                self.replace();
                Ok(())
            }
            Step::Pass(_) | Step::PassWait { .. } | Step::SetBack(_)
                if !self.subject.is_movable() =>
            {
                Ok(())
            }
            Step::Pass(time) => self.pass(time),
            Step::PassWait { is_over } => {
                let wait = if is_over { self.wait.next_multiple_of(1_000) } else { self.wait };
                self.pass(Duration::from_nanos(wait))
            }
            Step::SetBack(time) => self.set_back(time).await,
        }
    }

    fn replace(&mut self) {
        if self.sets.len() > 1 {
            self.sets.rotate_left(1);
            self.note(&format!("the policies become {}", described(&self.sets[0])));
        }
    }

    fn key(&mut self, client: Client) -> &mut Key<R> {
        &mut self.keys[client as usize]
    }

    fn compare(
        &mut self,
        operation: &str,
        expected: &[PolicyState],
        answered: &Outcome,
    ) -> Checked {
        if !is_same(expected, &answered.states, self.subject.tolerance()) {
            let (expected, answered) = (shown(expected), shown(&answered.states));
            return Err(self.deviation(&format!("{operation} must be {expected}, got {answered}")));
        }
        let waits = answered.states.iter().filter_map(|state| match state.decision {
            Decision::Deny { wait } => wait,
            Decision::Allow => None,
        });
        let wait = waits.max().unwrap_or(Duration::ZERO);
        self.wait = u64::try_from(wait.as_nanos()).unwrap_or(0);
        self.note(&format!("{operation}: {}", shown(&answered.states)));
        Ok(())
    }

    fn deviation(&self, message: &str) -> Flaw {
        let (step, now) = (self.log.len() + 1, at(self.subject.now()));
        let (policies, log) = (described(&self.sets[0]), self.log.join("\n    "));
        Flaw::Deviates(format!(
            "step {step}, at {now}: {message}\n  policies: {policies}\n  previous steps:\n    {log}"
        ))
    }

    /// Adds a step to the report of a violation.
    fn note(&mut self, step: &str) {
        self.log.push(format!("at {}: {step}", at(self.subject.now())));
    }
}

fn at(now: u64) -> String {
    format!("{:?}", Duration::from_nanos(now))
}
