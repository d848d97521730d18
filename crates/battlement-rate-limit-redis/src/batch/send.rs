//! The calls of one command, from the first attempt to the replies.

use std::sync::Arc;

use battlement_rate_limit::{StoreError, remote::until};

use super::job::Job;
use crate::{
    client::{BatchReply, Client},
    fault::Fault,
};

/// The number of times that a batch which was certainly not executed is sent again.
const TRIES: usize = 3;

/// Sends a batch, and passes the replies to the callers that still wait.
pub(crate) async fn send_batch(client: &Arc<Client>, mut jobs: Vec<Job>) {
    let Some(last) = jobs.iter().map(|job| job.call.deadline).max() else { return };
    let most = client.settings.deadline;
    let slot = jobs[0].call.question.slot;
    let sent = until(client.epoch.instant(last), most, |_| {}, send(client, &mut jobs)).await;
    let result = match sent {
        // While the slot migrates, the keys are on two nodes; each key is on one.
        Ok(Err(Fault::TryAgain)) if jobs.len() > 1 => {
            return Box::pin(send_individually(client, jobs)).await;
        }
        Ok(result) => client.note_result(slot, result),
        Err(_) => Err(StoreError::Timeout),
    };
    let receivers = jobs.into_iter().map(|job| job.reply);
    match result {
        Ok(replied) => {
            let replies = receivers.zip(replied.into_iter().flat_map(BatchReply::answers));
            replies.for_each(|(receiver, answered)| drop(receiver.send(Ok(answered))));
        }
        Err(error) => receivers.for_each(|receiver| drop(receiver.send(Err(error)))),
    }
}

async fn send_individually(client: &Arc<Client>, jobs: Vec<Job>) {
    for job in jobs {
        send_batch(client, vec![job]).await;
    }
}

/// Sends the calls of the callers that still wait, again if a connection closed before they were written. Returns
/// `None` if no caller waits any more.
async fn send(client: &Arc<Client>, jobs: &mut Vec<Job>) -> Result<Option<BatchReply>, Fault> {
    let slot = jobs[0].call.question.slot;
    let (mut open, mut tries) = (client.open(slot), 0..TRIES);
    loop {
        let connection = match open.take() {
            Some(connection) => connection,
            None => {
                let connection = client.connection(slot).await?;
                // Callers that were dropped meanwhile are not charged.
                jobs.retain(|job| !job.is_abandoned());
                connection
            }
        };
        if jobs.is_empty() {
            return Ok(None);
        }
        match client.attempt(&connection, jobs).await {
            Err(Fault::Unsent) => {}
            Err(Fault::NoScript | Fault::Moved(_)) if tries.next().is_some() => {}
            result => return result.map(Some),
        }
    }
}
