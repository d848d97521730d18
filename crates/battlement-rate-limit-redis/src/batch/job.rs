use battlement_rate_limit::StoreError;
use tokio::sync::oneshot;

use crate::client::{Call, TimedAnswer};

/// A call with the sender of its reply.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) call: Call,
    pub(crate) reply: oneshot::Sender<Result<TimedAnswer, StoreError>>,
}

impl AsRef<Call> for Job {
    fn as_ref(&self) -> &Call {
        &self.call
    }
}

impl Job {
    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}
