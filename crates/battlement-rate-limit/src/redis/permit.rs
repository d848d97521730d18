use std::sync::Arc;

use super::client::Engine;

/// The right of a flight to be on its way in a lane. If it is dropped before the flight has ended, another one
/// begins in its place.
pub(super) struct Turn {
    engine: Arc<Engine>,
    pub(super) slot: u16,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    /// Its task has not run. A runtime that ends drops such tasks, and would run no others.
    Granted,
    Begun,
    Ended,
}

impl Turn {
    pub(super) fn new(engine: &Arc<Engine>, slot: u16) -> Self {
        Self { engine: Arc::clone(engine), slot, stage: Stage::Granted }
    }

    /// Somebody carries it on from now on.
    pub(super) fn begin(&mut self) -> Arc<Engine> {
        self.stage = Stage::Begun;
        Arc::clone(&self.engine)
    }

    /// Nobody waits any more.
    pub(super) fn end(mut self) {
        self.stage = Stage::Ended;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.stage {
            Stage::Granted => self.engine.give_up(self.slot),
            Stage::Begun => self.engine.begin_flight(self.slot),
            Stage::Ended => {}
        }
    }
}
