//! Batches of questions, each of which is one command.

mod in_flight;
mod job;
mod permit;
mod queue;
mod send;
mod slot_hasher;

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use battlement_rate_limit::StoreError;

pub(crate) use self::{in_flight::InFlight, job::Job, send::send_batch};
use self::{
    permit::{Permit, Tasks},
    queue::{Pushed, Queue},
};
use crate::{client::Client, spawn::spawn};

/// The batches of one runtime, each sent by a task of its own: a caller that is rarely polled does not delay the others,
/// and a caller that is dropped does not affect them.
pub(crate) struct Batches {
    client: Arc<Client>,
    queue: Mutex<Queue<Job>>,
}

/// Batches of a slot in flight: the next batch gathers calls while two are in flight, and is sent early if it is full.
const BATCHES: usize = 2;

impl Batches {
    pub(crate) fn new(client: &Arc<Client>) -> Self {
        let settings = &client.settings;
        let queue = Queue::new(BATCHES, settings.max_batch, settings.max_queued);
        Self { client: Arc::clone(client), queue: Mutex::new(queue) }
    }

    /// Adds a job, which is part of the next batch.
    pub(crate) fn push(self: &Arc<Self>, slot: u16, job: Job) -> Result<(), StoreError> {
        let pushed = self.queue().push(slot, job);
        match pushed {
            Pushed::Queued => {}
            Pushed::Start => self.start(slot),
            Pushed::Full => return Err(StoreError::QueueFull),
        }
        Ok(())
    }

    /// Returns the jobs of the next batch for this slot.
    fn next(&self, slot: u16) -> Vec<Job> {
        self.queue().next_batch(slot, Job::is_abandoned)
    }

    fn queue(&self) -> MutexGuard<'_, Queue<Job>> {
        // No code that can panic runs under the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tasks for Batches {
    fn start(self: &Arc<Self>, slot: u16) {
        spawn(run(Permit::new(self, slot)));
    }

    /// Ends a task of the slot that its runtime never ran. If no other is running, the callers in the queue get an error.
    fn abandon(&self, slot: u16) {
        let left = self.queue().abandon(slot);
        drop(left);
    }
}

/// Sends batches, one after the other, for as long as there are jobs.
async fn run(mut permit: Permit<Batches>) {
    let batches = permit.start();
    yield_once().await;
    loop {
        let jobs = batches.next(permit.slot);
        if jobs.is_empty() {
            return permit.finish();
        }
        send_batch(&batches.client, jobs).await;
    }
}

/// Yields once, so that all tasks woken at the same time, such as by the replies of one command, can join the batch.
/// Without it, the first would be sent alone and the others would wait for it.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
