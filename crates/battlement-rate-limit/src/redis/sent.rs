use std::time::Duration;

use tokio::time::Instant;

use super::engine::{Engine, Question};
use crate::StoreError;

/// A command on its way. That it was given up at the deadline is told as well, when it is dropped.
pub(super) struct Sent<'a> {
    engine: &'a Engine,
    questions: &'a [Question],
    pub(super) at: Duration,
}

impl<'a> Sent<'a> {
    pub(super) fn new(engine: &'a Engine, questions: &'a [Question]) -> Self {
        Self { engine, questions, at: engine.now() }
    }

    pub(super) fn answered(mut self, received: Duration, result: Result<(), StoreError>) {
        self.tell(received, result);
        self.questions = &[];
    }

    fn tell(&self, now: Duration, result: Result<(), StoreError>) {
        if let Some(observe) = &self.engine.settings.observe {
            observe.on_command(self.questions.len(), now.saturating_sub(self.at), result);
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        // Who went away earlier did not wait to see whether it would be late.
        let last = self.questions.iter().map(|question| question.deadline).max();
        if last.is_some_and(|last| last <= Instant::now()) {
            self.tell(self.engine.now(), Err(StoreError::Late));
        }
    }
}
