use std::time::Duration;

use battlement_rate_limit::StoreError;

use crate::{connection::Epoch, fault::Fault, observe::Observe, script::Reply};

/// A command whose duration is reported to the observer, also if the command is dropped at its deadline.
pub(crate) struct TimedCommand<'a> {
    observe: Option<&'a dyn Observe>,
    epoch: Epoch,
    /// The number of calls in the command, or 0 once it was reported.
    calls: usize,
    at: Duration,
    /// The latest deadline of the calls.
    deadline: Duration,
}

impl<'a> TimedCommand<'a> {
    pub(crate) fn new(
        observe: Option<&'a dyn Observe>,
        epoch: Epoch,
        calls: usize,
        [at, deadline]: [Duration; 2],
    ) -> Self {
        Self { observe, epoch, calls, at, deadline }
    }

    /// Reports the result of the command. A command that was never written is not reported.
    pub(crate) fn finish(mut self, received: Duration, result: Result<&Reply, &Fault>) {
        if result != Err(&Fault::Unsent) {
            self.report(received, result.map(|_| ()).map_err(StoreError::from));
        }
        self.calls = 0;
    }

    fn report(&self, now: Duration, result: Result<(), StoreError>) {
        if let Some(observe) = self.observe {
            observe.on_command(self.calls, now.saturating_sub(self.at), result);
        }
    }
}

impl Drop for TimedCommand<'_> {
    fn drop(&mut self) {
        // If the caller was dropped before the deadline, the duration is unknown.
        if self.calls > 0 {
            let now = self.epoch.elapsed();
            if self.deadline <= now {
                self.report(now, Err(StoreError::Timeout));
            }
        }
    }
}
