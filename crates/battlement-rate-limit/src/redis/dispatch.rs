use std::{slice, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    batch::{self, Job},
    client::{Answered, Engine, Question, spawn},
    exchange::Form,
    queue::Entered,
};
use crate::StoreError;

/// How a question goes. Two types, and not a branch, since what has to be kept for the one would make all that is kept
/// for the other twice as large.
pub(super) trait Way: 'static {
    /// Asks once, and waits for what is said.
    fn go(
        engine: &Arc<Engine>,
        question: Question,
        asked: Duration,
    ) -> impl Future<Output = Result<Answered, StoreError>> + Send;
}

/// Each question as a command.
pub(super) enum Alone {}

/// Questions that come at once, as one command.
pub(super) enum Together {}

impl Way for Alone {
    async fn go(
        engine: &Arc<Engine>,
        question: Question,
        asked: Duration,
    ) -> Result<Answered, StoreError> {
        let _within = engine.crowd.enter(asked).ok_or(StoreError::Busy)?;
        let slot = question.entry.slot;
        if let Some(connection) = engine.open(slot) {
            let questions = slice::from_ref(&question);
            match engine.exchange(&connection, Form::HASH, questions, asked).await {
                // Others wait until that is settled, and must not wait for somebody who is not polled any more.
                Err(fault) if fault.is_settled_by_another_try() => {}
                result => {
                    let replied = engine.noted(slot, result)?;
                    return replied.answered().next().ok_or(StoreError::Failed);
                }
            }
        }
        let (answer, receiver) = oneshot::channel();
        let (engine, jobs) = (Arc::clone(engine), vec![Job { question, answer }]);
        spawn(async move { batch::carry(&engine, jobs).await });
        receiver.await.unwrap_or(Err(StoreError::Failed))
    }
}

impl Way for Together {
    async fn go(
        engine: &Arc<Engine>,
        question: Question,
        _: Duration,
    ) -> Result<Answered, StoreError> {
        let (answer, receiver) = oneshot::channel();
        let slot = question.entry.slot;
        let entered = engine.lanes().enter(slot, Job { question, answer });
        match entered {
            Entered::Waits => {}
            Entered::Begins => engine.begin_flight(slot),
            Entered::Full => return Err(StoreError::Busy),
        }
        receiver.await.unwrap_or(Err(StoreError::Failed))
    }
}
