use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{
    Algorithm, Policies, Query, Store,
    conformance::{
        flaw::{Checked, Flaw},
        policies::slow,
        states::shown,
        subject::Subject,
    },
};

/// The largest number of polls after which an answer is dropped.
const POLLS: usize = 8;
/// How often an answer is dropped after each number of polls.
const ROUNDS: usize = 20;
/// The number of dropped charges, each of one unit.
const MOST: i64 = (POLLS * ROUNDS) as i64;
const QUOTA: u32 = 1_000;
/// The time within which a refund is made after its answer was dropped.
const SOON: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(1);

pub(in super::super) async fn check<St: Store>(
    subject: &mut Subject<St>,
    algorithm: Algorithm,
) -> Checked {
    let policies =
        Policies::new([slow("large", 3 * QUOTA, algorithm), slow("small", QUOTA, algorithm)]);
    charges(subject, &policies).await?;
    refunds(subject, &policies).await
}

/// Checks that dropped charges are made as a whole or not at all, and that dropped peeks and resets do no harm.
async fn charges<St: Store>(subject: &mut Subject<St>, policies: &Policies) -> Checked {
    let key = subject.key();
    for polls in (0..POLLS).flat_map(|polls| [polls; ROUNDS]) {
        let query = subject.query(key, policies, 1);
        Polled::new(subject.store.acquire(&query).into_future(), polls).await;
        Polled::new(subject.store.peek(&query).into_future(), polls).await;
        expect_whole(subject, &query, MOST).await?;
    }
    for polls in 0..POLLS {
        let query = subject.query(key, policies, 1);
        Polled::new(subject.store.reset(&query).into_future(), polls).await;
        expect_whole(subject, &query, MOST).await?;
    }
    Ok(())
}

/// Checks that refunds are made although their answers are dropped.
async fn refunds<St: Store>(subject: &mut Subject<St>, policies: &Policies) -> Checked {
    let mut lost = 0;
    for polls in 0..POLLS {
        let key = subject.key();
        let query = subject.query(key, policies, 1);
        let charged = subject.acquire(&query).await?;
        Polled::new(subject.store.refund(&query, &charged).into_future(), polls).await;
        lost += usize::from(!is_restored(subject, &query).await?);
    }
    // A refund may be lost as any other operation.
    let most = if subject.may_fail() { POLLS / 2 } else { 0 };
    Flaw::unless(lost <= most, || {
        format!(
            "refunds must be made although their answers are dropped, but {lost} of {POLLS} were not"
        )
    })
}

async fn is_restored<St: Store>(subject: &Subject<St>, query: &Query<'_>) -> Checked<bool> {
    let deadline = Instant::now() + SOON;
    loop {
        let outcome = subject.peek(query).await?;
        if outcome.states[1].remaining == QUOTA {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        sleep(POLL).await;
    }
}

/// Checks that both policies have been charged for the same requests.
async fn expect_whole<St: Store>(subject: &Subject<St>, query: &Query<'_>, most: i64) -> Checked {
    let outcome = subject.peek(query).await?;
    let left = [0, 1].map(|nth| i64::from(outcome.states[nth].remaining));
    let used = [i64::from(3 * QUOTA) - left[0], i64::from(QUOTA) - left[1]];
    Flaw::unless(used[0] == used[1] && (0..=most).contains(&used[0]), || {
        let state = shown(&outcome.states);
        format!(
            "dropped requests must be charged to all policies or to none, got {used:?} used: {state}"
        )
    })
}

/// A future that is dropped when it has been polled a number of times.
struct Polled<F> {
    future: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Polled<F> {
    fn new(future: F, polls: usize) -> Self {
        Self { future: Box::pin(future), polls }
    }
}

impl<F: Future> Future for Polled<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(left) = self.polls.checked_sub(1) else { return Poll::Ready(()) };
        self.polls = left;
        match self.future.as_mut().poll(cx) {
            Poll::Pending if left > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}
