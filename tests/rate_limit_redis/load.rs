//! Customers who keep sending requests while something happens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    beat::Beat,
    shop::{Answer, Shop},
};

const CALLERS: u64 = 8;
const CUSTOMERS: u64 = 100;
/// The calls that each caller makes at least, however soon the disturbance is over.
const FEWEST: usize = 10;
/// The time that a call may take beyond the deadline.
const SLACK: Duration = Duration::from_millis(25);

/// The answers to customers.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) answers: Vec<Answer>,
    beat: Beat,
}

/// Sends requests of customers for as long as `meanwhile` takes, and at least [`FEWEST`] from each caller.
pub(crate) async fn under_load(shop: &Shop, meanwhile: impl Future<Output = ()>) -> Log {
    let (beat, stop) = (Beat::start(), Arc::<AtomicBool>::default());
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call(shop.clone(), caller, stop.clone()));
    }
    meanwhile.await;
    stop.store(true, Relaxed);
    let mut answers: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    answers.sort_by_key(|answer| answer.began);
    Log { answers, beat }
}

async fn call(shop: Shop, caller: u64, stop: Arc<AtomicBool>) -> Vec<Answer> {
    let (mut answers, mut customer) = (Vec::new(), caller);
    while !stop.load(Relaxed) || answers.len() < FEWEST {
        answers.push(shop.ask(customer).await);
        customer = (customer + CALLERS) % CUSTOMERS;
        sleep(Duration::from_millis(1)).await;
    }
    answers
}

impl Log {
    /// Asserts that no call took longer than the deadline, except while the machine itself was stalled.
    #[track_caller]
    pub(crate) fn all_in_time(&self, deadline: Duration) {
        for answer in &self.answers {
            let still = self.beat.late(answer.began, answer.began + answer.took);
            assert!(answer.took <= deadline + SLACK + still, "{answer:?}, {still:?} stalled");
        }
    }

    /// Asserts that most calls between two times did not wait.
    #[track_caller]
    pub(crate) fn most_were_free(&self, from: Instant, to: Instant) {
        let within: Vec<_> =
            self.answers.iter().filter(|answer| (from..to).contains(&answer.began)).collect();
        let free = within.iter().filter(|answer| answer.took < Duration::from_millis(10)).count();
        assert!(free * 10 > within.len() * 8, "{free} of {} were free", within.len());
    }

    /// Asserts that Redis decided all calls since then.
    #[track_caller]
    pub(crate) fn all_exact_since(&self, from: Instant) {
        let later: Vec<_> = self.answers.iter().filter(|answer| answer.began >= from).collect();
        assert!(!later.is_empty());
        assert!(later.iter().all(|answer| answer.exact && answer.passed()), "{later:?}");
    }

    pub(crate) fn inexact(&self) -> usize {
        self.answers.iter().filter(|answer| !answer.exact).count()
    }
}
