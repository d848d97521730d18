use std::{
    fmt,
    future::poll_fn,
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use battlement_rate_limit::{StoreError, remote::until};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    batch::{Batches, InFlight, Job, send_batch},
    client::{Call, Client, CommandForm, TimedAnswer},
    fault::{Fault, Refusal},
    script::{Answer, Question},
    spawn::spawn,
};

/// Sends the questions of one runtime within their deadlines, alone or in batches.
pub(crate) struct Dispatcher {
    pub(crate) client: Arc<Client>,
    batches: Arc<Batches>,
    /// The limit of individual calls.
    in_flight: InFlight,
}

/// The way in which a question is sent. Two types take the place of a branch, since one future for both would be twice
/// as large.
pub(crate) trait Dispatch: 'static {
    /// Sends the question once, and returns its answer.
    fn send(
        dispatcher: &Dispatcher,
        call: Call,
        started: Duration,
    ) -> impl Future<Output = Result<TimedAnswer, StoreError>> + Send;
}

/// Sends each question as its own command.
pub(crate) enum Individual {}

/// Sends concurrent questions as one command.
pub(crate) enum Batched {}

/// The number of times that a question which was certainly not executed is sent again.
const TRIES: usize = 3;

impl Dispatcher {
    pub(crate) fn new(client: Client) -> Self {
        let client = Arc::new(client);
        let in_flight = InFlight::new(client.settings.max_queued, client.settings.deadline);
        Self { batches: Arc::new(Batches::new(&client)), client, in_flight }
    }

    /// Asks about `slot`, and waits for the answer until the deadline. If the future is dropped before the question
    /// was sent, the question is not asked.
    pub(crate) async fn ask<D: Dispatch>(
        &self,
        slot: u16,
        started: Instant,
        question: impl Fn() -> Question,
    ) -> Result<TimedAnswer, StoreError> {
        let (most, epoch) = (self.client.settings.deadline, self.client.epoch);
        let deadline = started + most;
        let end = AtomicU64::new(micros(epoch.since(deadline)));
        let extended = |at| end.store(micros(epoch.since(at)), Relaxed);
        let answered = self.ask_until::<D>(epoch.since(started), &end, &question);
        match until(deadline, most, extended, answered).await {
            Ok(result) => result,
            Err(_) => {
                self.client.note_fault(slot, &Fault::Late);
                Err(StoreError::Timeout)
            }
        }
    }

    /// Returns the first answer that was not stale. The time at `end` may be extended meanwhile.
    async fn ask_until<D: Dispatch>(
        &self,
        started: Duration,
        end: &AtomicU64,
        question: &impl Fn() -> Question,
    ) -> Result<TimedAnswer, StoreError> {
        let mut tries = 0..TRIES;
        while tries.next().is_some() {
            let (question, deadline) = (question(), Duration::from_micros(end.load(Relaxed)));
            let slot = question.slot;
            let answered = D::send(self, Call { question, deadline }, started).await?;
            match answered.answer {
                // This process was late, and its deadline is extended.
                Answer::Stale if deadline <= self.client.now() => {
                    until_extended(end, deadline).await;
                    tries = 0..TRIES;
                }
                // The question was in time, so the offset of the server's clock was wrong. The reply has corrected the
                // offset.
                Answer::Stale => {}
                Answer::Failed(code) => {
                    self.client.note_fault(slot, &Fault::Refused(Refusal::of_script(&code)));
                    return Err(StoreError::Failed);
                }
                Answer::Done(_) => return Ok(answered),
            }
        }
        Err(StoreError::Timeout)
    }
}

impl Dispatch for Individual {
    async fn send(
        dispatcher: &Dispatcher,
        call: Call,
        started: Duration,
    ) -> Result<TimedAnswer, StoreError> {
        let _guard = dispatcher.in_flight.try_acquire(started).ok_or(StoreError::QueueFull)?;
        let (client, slot) = (&dispatcher.client, call.question.slot);
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
        spawn(async move { send_batch(&client, jobs).await });
        receiver.await.unwrap_or(Err(StoreError::Failed))
    }
}

impl Dispatch for Batched {
    async fn send(
        dispatcher: &Dispatcher,
        call: Call,
        _: Duration,
    ) -> Result<TimedAnswer, StoreError> {
        let (reply, receiver) = oneshot::channel();
        dispatcher.batches.push(call.question.slot, Job { call, reply })?;
        receiver.await.unwrap_or(Err(StoreError::Failed))
    }
}

/// Waits until the deadline is extended. The task that extends it polls this future again.
async fn until_extended(end: &AtomicU64, deadline: Duration) {
    let is_later = || end.load(Relaxed) > micros(deadline);
    poll_fn(|_| if is_later() { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("client", &self.client).finish_non_exhaustive()
    }
}
