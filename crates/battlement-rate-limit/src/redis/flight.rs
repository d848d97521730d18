//! Questions that go together, in a task of their own: nobody who asks can hold up others, however seldom it is
//! polled, and whoever goes away takes nobody along.

use std::{future::poll_fn, task::Poll};

use tokio::{sync::oneshot, time::timeout_at};

use super::{
    engine::{Answered, Engine, Question},
    turn::Turn,
};
use crate::StoreError;

/// A question, and who waits for the answer.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) question: Question,
    pub(super) answer: oneshot::Sender<Result<Answered, StoreError>>,
}

impl AsRef<Question> for Job {
    fn as_ref(&self) -> &Question {
        &self.question
    }
}

impl Job {
    pub(super) fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }
}

/// Carries one command after the other, for as long as anybody waits.
pub(super) async fn fly(mut turn: Turn) {
    let engine = turn.begin();
    give_way().await;
    loop {
        let jobs = engine.leave(turn.slot);
        if jobs.is_empty() {
            return turn.end();
        }
        carry(&engine, jobs).await;
    }
}

/// Sends questions, and tells those who still wait what was said.
pub(super) async fn carry(engine: &Engine, mut jobs: Vec<Job>) {
    let last = jobs.iter().map(|job| job.question.deadline).max();
    let last = engine.instant(last.unwrap_or_default());
    if !engine.is_linked() {
        // Who goes away while there is no connection is not asked for. If there will be none, sending tells.
        let _ = timeout_at(last, engine.link()).await;
        jobs.retain(|job| !job.is_gone());
        if jobs.is_empty() {
            return;
        }
    }
    let sent = timeout_at(last, engine.send(&jobs)).await;
    let waiting = jobs.into_iter().map(|job| job.answer);
    match sent.unwrap_or(Err(StoreError::Late)) {
        Ok(replied) => {
            let both = waiting.zip(replied.answered());
            both.for_each(|(waiting, answered)| drop(waiting.send(Ok(answered))));
        }
        Err(error) => waiting.for_each(|waiting| drop(waiting.send(Err(error)))),
    }
}

/// Whoever was woken at the same time, as by the answers of one command, has its turn first. Without that the first
/// of them would go alone, and the others wait for it.
async fn give_way() {
    let mut gave = false;
    poll_fn(|cx| {
        if gave {
            return Poll::Ready(());
        }
        gave = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
