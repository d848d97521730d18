use std::sync::Arc;

use super::engine::Engine;

/// The right to be on the way in a lane; handed over when it is dropped, whatever became of it.
pub(super) struct Turn {
    engine: Arc<Engine>,
    slot: u16,
    /// Whether anybody carries it on. A runtime that ends drops tasks that never ran, and runs no others.
    begun: bool,
}

impl Turn {
    pub(super) fn new(engine: &Arc<Engine>, slot: u16) -> Self {
        Self { engine: Arc::clone(engine), slot, begun: false }
    }

    pub(super) fn begun(engine: &Arc<Engine>, slot: u16) -> Self {
        let mut turn = Self::new(engine, slot);
        turn.begun = true;
        turn
    }

    /// Somebody carries it on from now on.
    pub(super) fn begin(&mut self) -> Arc<Engine> {
        self.begun = true;
        Arc::clone(&self.engine)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.begun { self.engine.hand_over(self.slot) } else { self.engine.give_up(self.slot) }
    }
}
