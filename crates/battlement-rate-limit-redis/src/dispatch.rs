use std::{slice, sync::Arc, time::Duration};

use battlement_rate_limit::StoreError;
use tokio::sync::oneshot;

use crate::{
    batch::{self, Job},
    client::{Call, Client, TimedAnswer},
    exchange::CommandForm,
    queue::Pushed,
    spawn::spawn,
};

/// The way a question is sent. Two types instead of a branch, since the state of the one future would double the size
/// of the other.
pub(crate) trait Dispatch: 'static {
    /// Sends the question once, and returns its answer.
    fn send(
        client: &Arc<Client>,
        call: Call,
        started: Duration,
    ) -> impl Future<Output = Result<TimedAnswer, StoreError>> + Send;
}

/// Sends each question as its own command.
pub(crate) enum Individual {}

/// Sends concurrent questions as one command.
pub(crate) enum Batched {}

impl Dispatch for Individual {
    async fn send(
        client: &Arc<Client>,
        call: Call,
        started: Duration,
    ) -> Result<TimedAnswer, StoreError> {
        let _guard = client.in_flight.try_acquire(started).ok_or(StoreError::QueueFull)?;
        let slot = call.question.slot;
        if let Some(connection) = client.open(slot) {
            let calls = slice::from_ref(&call);
            match client.exchange(&connection, CommandForm::HASH, calls, started).await {
                // A spawned task continues: other calls wait for the outcome, and must not depend on a caller that may
                // never be polled again.
                Err(fault) if fault.can_be_sent_again() => {}
                result => {
                    let replied = client.note_result(slot, result)?;
                    return replied.answers().next().ok_or(StoreError::Failed);
                }
            }
        }
        let (reply, receiver) = oneshot::channel();
        let (client, jobs) = (Arc::clone(client), vec![Job { call, reply }]);
        spawn(async move { batch::send_batch(&client, jobs).await });
        receiver.await.unwrap_or(Err(StoreError::Failed))
    }
}

impl Dispatch for Batched {
    async fn send(
        client: &Arc<Client>,
        call: Call,
        _: Duration,
    ) -> Result<TimedAnswer, StoreError> {
        let (reply, receiver) = oneshot::channel();
        let slot = call.question.slot;
        let pushed = client.queue().push(slot, Job { call, reply });
        match pushed {
            Pushed::Queued => {}
            Pushed::Start => client.start_batches(slot),
            Pushed::Full => return Err(StoreError::QueueFull),
        }
        receiver.await.unwrap_or(Err(StoreError::Failed))
    }
}
