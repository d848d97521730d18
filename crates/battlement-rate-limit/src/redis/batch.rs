//! Questions that go together, in a task of their own: nobody who asks can hold up others, however seldom it is
//! polled, and whoever goes away takes nobody along.

use std::{future::poll_fn, sync::Arc, task::Poll};

use tokio::sync::oneshot;

use super::{
    client::{Answered, Engine, Question},
    deadline::until,
    exchange::Replied,
    fault::Fault,
    permit::Turn,
};
use crate::StoreError;

/// How often questions go out again that were certainly not decided.
const TRIES: usize = 3;

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
pub(super) async fn carry(engine: &Arc<Engine>, mut jobs: Vec<Job>) {
    let Some(last) = jobs.iter().map(|job| job.question.deadline).max() else { return };
    let most = engine.settings.deadline;
    let slot = jobs[0].question.entry.slot;
    let sent = until(engine.instant(last), most, |_| {}, send(engine, &mut jobs)).await;
    let result = match sent {
        // Their keys are on two nodes while their slot migrates; each alone is on one.
        Ok(Err(Fault::TryAgain)) if jobs.len() > 1 => return Box::pin(each(engine, jobs)).await,
        Ok(result) => engine.noted(slot, result),
        Err(_) => Err(StoreError::Late),
    };
    let waiting = jobs.into_iter().map(|job| job.answer);
    match result {
        Ok(replied) => {
            let both = waiting.zip(replied.into_iter().flat_map(Replied::answered));
            both.for_each(|(waiting, answered)| drop(waiting.send(Ok(answered))));
        }
        Err(error) => waiting.for_each(|waiting| drop(waiting.send(Err(error)))),
    }
}

async fn each(engine: &Arc<Engine>, jobs: Vec<Job>) {
    for job in jobs {
        carry(engine, vec![job]).await;
    }
}

/// Sends the questions of those who wait, over as many connections as close before they were written. Returns `None`
/// if nobody waits any more.
async fn send(engine: &Arc<Engine>, jobs: &mut Vec<Job>) -> Result<Option<Replied>, Fault> {
    let slot = jobs[0].question.entry.slot;
    let (mut open, mut tries) = (engine.open(slot), 0..TRIES);
    loop {
        let connection = match open.take() {
            Some(connection) => connection,
            None => {
                let connection = engine.connection(slot).await?;
                // Who has gone away meanwhile is not asked for.
                jobs.retain(|job| !job.is_gone());
                connection
            }
        };
        if jobs.is_empty() {
            return Ok(None);
        }
        match engine.attempt(&connection, jobs).await {
            Err(Fault::Unsent) => {}
            Err(Fault::NoScript | Fault::Moved(_)) if tries.next().is_some() => {}
            result => return result.map(Some),
        }
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
