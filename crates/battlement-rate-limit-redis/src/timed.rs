use std::time::Duration;

use battlement_rate_limit::StoreError;

use crate::{client::Client, fault::Fault, script::Reply};

/// A command whose duration is reported to the observer, also if the command is dropped at its deadline.
pub(crate) struct TimedCommand<'a> {
    client: &'a Client,
    /// The number of calls in the command, or 0 once it was reported.
    calls: usize,
    at: Duration,
    /// The latest deadline of the calls.
    deadline: Duration,
}

impl<'a> TimedCommand<'a> {
    pub(crate) fn new(client: &'a Client, calls: usize, at: Duration, deadline: Duration) -> Self {
        Self { client, calls, at, deadline }
    }

    /// Reports the result of the command. A command that was never written is not reported.
    pub(crate) fn finish(mut self, received: Duration, result: Result<&Reply, &Fault>) {
        if result != Err(&Fault::Unsent) {
            self.report(received, result.map(|_| ()).map_err(StoreError::from));
        }
        self.calls = 0;
    }

    fn report(&self, now: Duration, result: Result<(), StoreError>) {
        if let Some(observe) = &self.client.settings.observe {
            observe.on_command(self.calls, now.saturating_sub(self.at), result);
        }
    }
}

impl Drop for TimedCommand<'_> {
    fn drop(&mut self) {
        // If the caller was dropped before the deadline, the duration is unknown.
        if self.calls > 0 {
            let now = self.client.now();
            if self.deadline <= now {
                self.report(now, Err(StoreError::Timeout));
            }
        }
    }
}
