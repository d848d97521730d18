use std::time::Duration;

use super::{client::Engine, fault::Fault, script::Reply};
use crate::StoreError;

/// A command on its way. That it was given up at the deadline is told as well, when it is dropped.
pub(super) struct Sent<'a> {
    engine: &'a Engine,
    /// How many questions; none once it was told.
    questions: usize,
    at: Duration,
    /// The last of their deadlines.
    last: Duration,
}

impl<'a> Sent<'a> {
    pub(super) fn new(engine: &'a Engine, questions: usize, at: Duration, last: Duration) -> Self {
        Self { engine, questions, at, last }
    }

    /// Tells how the command ended. One that was never written is not told of.
    pub(super) fn answered(mut self, received: Duration, result: Result<&Reply, &Fault>) {
        if result != Err(&Fault::Unsent) {
            self.tell(received, result.map(|_| ()).map_err(StoreError::from));
        }
        self.questions = 0;
    }

    fn tell(&self, now: Duration, result: Result<(), StoreError>) {
        if let Some(observe) = &self.engine.settings.observe {
            observe.on_command(self.questions, now.saturating_sub(self.at), result);
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        // Who went away earlier did not wait to see whether it would be late.
        if self.questions > 0 {
            let now = self.engine.now();
            if self.last <= now {
                self.tell(now, Err(StoreError::Late));
            }
        }
    }
}
