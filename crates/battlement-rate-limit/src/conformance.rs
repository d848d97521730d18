//! A test suite for stores.
//!
//! A store that passes it makes the decisions of [`Memory`](crate::Memory), for one request after another and for
//! concurrent ones. The suite needs the feature `conformance`, which a store enables for its tests alone.
//!
//! | rule | promise |
//! |---|---|
//! | [`Cost`](Rule::Cost) | a request is charged as many units as it costs, and denied if fewer remain |
//! | [`AllOrNone`](Rule::AllOrNone) | a request that a policy denies is charged to no policy |
//! | [`Peek`](Rule::Peek) | a peek returns the decision of an acquire, and charges nothing |
//! | [`Refund`](Rule::Refund) | a refund restores the units of its charge that have not been restored yet, and no others |
//! | [`Reset`](Rule::Reset) | a reset restores all units of the key under the given policies, and no others |
//! | [`Expiry`](Rule::Expiry) | used units are restored at the time that was reported, and not earlier |
//! | [`PolicyChange`](Rule::PolicyChange) | a policy whose numbers change keeps the used units, and any other policy starts with none |
//! | [`Agreement`](Rule::Agreement) | all answers are those of a plain model, for random policies, costs, operations and times |
//! | [`Concurrency`](Rule::Concurrency) | exactly the quota is admitted to concurrent requests |
//! | [`Drops`](Rule::Drops) | an answer that is dropped leaves whole charges or none, and the refund is made |
//!
//! The model shares no code with the [`algorithm`](crate::algorithm)s: it keeps a list of all charges. Under policies
//! that change at random, the cells of the algorithms take its place.
//!
//! # Example
//!
//! ```
//! use battlement_rate_limit::{
//!     Memory,
//!     conformance::{Clock, Conformance},
//! };
//!
//! # #[tokio::main]
//! # async fn main() {
//! Conformance::new(async || Memory::default(), Clock::LatestQuery).run().await;
//! # }
//! ```

mod case;
mod cells;
mod clock;
mod flaw;
mod model;
mod policies;
mod random;
mod reference;
mod rule;
mod rules;
mod states;
mod subject;
mod violation;
mod walk;

use std::{fmt, pin::Pin, time::Duration};

use tokio::time::timeout;

pub use self::{
    case::{Case, Client, Step},
    clock::Clock,
    rule::Rule,
    violation::Violation,
};
use self::{
    cells::Cells,
    flaw::{Checked, Flaw},
    model::Model,
    policies::ALGORITHMS,
    random::Random,
    rules::{all_or_none, concurrency, cost, drops, expiry, peek, policy_change, refund, reset},
    subject::Subject,
    walk::Walk,
};
use crate::{Algorithm, Store};

/// A store, and the settings of the suite for it.
///
/// The suite requires a tokio runtime with timers. Time must not be paused if the store answers with
/// [`Later`](crate::Later).
pub struct Conformance<St> {
    open: Box<dyn Fn() -> Opening<St> + Send + Sync>,
    clock: Clock<St>,
    seed: u64,
    cases: usize,
    may_fail: bool,
    except: Vec<Rule>,
}

type Opening<St> = Pin<Box<dyn Future<Output = St> + Send>>;

/// The time limit of one case, which only a lost wake or a very slow store exceeds.
const LIMIT: Duration = Duration::from_secs(60);
/// The number of random cases, and under a clock that cannot be set.
const CASES: usize = 300;
const REAL_CASES: usize = 30;
/// The number of steps of the longest case.
const STEPS: usize = 80;
/// How often a case is repeated if the store may fail.
const ATTEMPTS: usize = 100;

impl<St: Store> Conformance<St> {
    /// Creates a suite for the stores that `open` returns: each has no state, or keys that other stores do not see.
    pub fn new<F>(open: impl Fn() -> F + Send + Sync + 'static, clock: Clock<St>) -> Self
    where
        F: Future<Output = St> + Send + 'static,
    {
        Self {
            open: Box::new(move || Box::pin(open())),
            cases: if clock.is_real() { REAL_CASES } else { CASES },
            clock,
            seed: 1,
            may_fail: false,
            except: Vec::new(),
        }
    }

    /// Sets the seed of the random cases. Default: 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the number of random cases of [`Rule::Agreement`]. Default: 300, or 30 under
    /// [`Clock::Real`].
    #[must_use]
    pub fn cases(mut self, cases: usize) -> Self {
        self.cases = cases;
        self
    }

    /// Allows the store to return errors, for a store whose requests or answers are lost in the tests. After an error,
    /// the operation must have been made as a whole or not at all, and must not be made later. Some operations must
    /// succeed, also among concurrent ones.
    #[must_use]
    pub fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    /// Excludes `rule`; state the reason in a comment.
    #[must_use]
    pub fn except(mut self, rule: Rule) -> Self {
        self.except.push(rule);
        self
    }

    /// Checks all rules.
    ///
    /// # Panics
    ///
    /// Panics if the store breaks a rule; the message lists all violations.
    pub async fn run(self) {
        let violations = self.violations().await;
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "the store breaks the rules:\n{}", lines.join("\n"));
    }

    /// Checks all rules, and returns the violations, at most one for each rule.
    pub async fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for rule in Rule::ALL.iter().filter(|rule| !self.except.contains(rule)) {
            violations.extend(self.check(*rule).await.err());
        }
        violations
    }

    /// Checks one rule, even if it is excluded.
    ///
    /// # Errors
    ///
    /// Returns the violation, if the store breaks the rule.
    pub async fn check(&self, rule: Rule) -> Result<(), Violation> {
        if rule == Rule::Agreement {
            return self.check_cases().await.map_err(|message| self.violation(rule, message));
        }
        for algorithm in ALGORITHMS {
            let checked = self.check_algorithm(rule, algorithm).await;
            checked.map_err(|message| self.violation(rule, format!("{algorithm:?}: {message}")))?;
        }
        Ok(())
    }

    async fn check_cases(&self) -> Result<(), String> {
        let (mut random, is_slow) = (Random::new(self.seed), self.clock.is_real());
        for nth in 0..self.cases {
            // The first case that fails is short. A stopped clock does not show how far a converted window has passed.
            let (steps, is_changing) = (STEPS.min(5 + nth / 2), nth % 2 == 1 && !is_slow);
            let case = Case::random(&mut random, steps, is_changing, is_slow);
            if let Err(message) = self.walk(&case).await {
                return Err(format!("case {nth}, {}", self.shrink(case, message).await));
            }
        }
        Ok(())
    }

    /// Removes the steps of a failing case without which it fails as well, and returns the last message.
    async fn shrink(&self, mut case: Case, mut message: String) -> String {
        for nth in (0..case.steps.len()).rev() {
            let mut smaller = case.clone();
            smaller.steps.remove(nth);
            if let Err(found) = self.walk(&smaller).await {
                (case, message) = (smaller, found);
            }
        }
        message
    }

    /// Checks a rule whose check is the same in each run.
    async fn check_algorithm(&self, rule: Rule, algorithm: Algorithm) -> Result<(), String> {
        for attempt in 1.. {
            let mut subject = self.subject(self.seed).await;
            let subject = &mut subject;
            let checked = limited(async {
                match rule {
                    Rule::Cost => cost::check(subject, algorithm).await,
                    Rule::AllOrNone => all_or_none::check(subject, algorithm).await,
                    Rule::Peek => peek::check(subject, algorithm).await,
                    Rule::Refund => refund::check(subject, algorithm).await,
                    Rule::Reset => reset::check(subject, algorithm).await,
                    Rule::Expiry => expiry::check(subject, algorithm).await,
                    Rule::PolicyChange => policy_change::check(subject, algorithm).await,
                    Rule::Concurrency => concurrency::check(subject, algorithm).await,
                    Rule::Drops => drops::check(subject, algorithm).await,
                    Rule::Agreement => Ok(()),
                }
            });
            match checked.await {
                Err(Flaw::Failed(_)) if self.may_fail && attempt < ATTEMPTS => {}
                checked => return described(checked),
            }
        }
        Ok(())
    }

    /// Checks [`Rule::Agreement`] for one case, such as one of another generator.
    ///
    /// # Errors
    ///
    /// Returns the violation, if an answer of the store is not that of the model.
    pub async fn check_case(&self, case: &Case) -> Result<(), Violation> {
        let checked = self.walk(case).await;
        checked.map_err(|message| self.violation(Rule::Agreement, message))
    }

    async fn walk(&self, case: &Case) -> Result<(), String> {
        let subject = self.subject(self.seed).await;
        described(match &*case.sets {
            [set] => limited(Walk::new(subject, &case.sets, &Model::new(set)).run(case)).await,
            sets => limited(Walk::new(subject, sets, &Cells::default()).run(case)).await,
        })
    }

    async fn subject(&self, seed: u64) -> Subject<St> {
        Subject::new((self.open)().await, self.clock, seed, self.may_fail)
    }

    fn violation(&self, rule: Rule, message: String) -> Violation {
        Violation::new(rule, self.seed, message)
    }
}

async fn limited(check: impl Future<Output = Checked>) -> Checked {
    let late = |_| Err(Flaw::Deviates(format!("the store has not answered within {LIMIT:?}")));
    timeout(LIMIT, check).await.unwrap_or_else(late)
}

fn described(checked: Checked) -> Result<(), String> {
    checked.map_err(|flaw| match flaw {
        Flaw::Failed(error) => format!("the store failed: {error}"),
        Flaw::Deviates(message) => message,
    })
}

impl<St> fmt::Debug for Conformance<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conformance")
            .field("store", &std::any::type_name::<St>())
            .field("clock", &self.clock)
            .field("seed", &self.seed)
            .field("cases", &self.cases)
            .field("may_fail", &self.may_fail)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}
