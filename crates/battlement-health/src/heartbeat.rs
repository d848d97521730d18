use std::{sync::Arc, time::Duration};

use battlement_core::CheckState;
use tokio::time::Instant;

use crate::{
    CheckKind, Health,
    beat::{Beat, Late},
    probe::Probes,
    registry::{Handle, NewEntry, Source},
};

/// The progress of a long-running job, which liveness depends on.
#[derive(Debug)]
#[must_use = "dropping an unfinished heartbeat fails liveness"]
pub struct Heartbeat {
    entry: Option<Handle>,
    beat: Arc<Beat>,
}

impl Health {
    /// Adds a heartbeat: liveness fails when there is no [beat](Heartbeat::beat) for longer than `every`.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken.
    pub fn heartbeat(&self, name: &'static str, every: Duration) -> Heartbeat {
        let state =
            move |late| CheckState::fail(format!("the beat is {late:?} late, due every {every:?}"));
        let late = Late { grace: Duration::ZERO, state: Arc::new(state) };
        let beat = Arc::new(Beat::new(every, late, Instant::now()));
        let source = Source::Beats { beat: Arc::clone(&beat), critical: true };
        let new = NewEntry {
            name: name.into(),
            kind: CheckKind::Heartbeat,
            probes: Probes::LIVE,
            source,
        };
        match self.registry().register(new) {
            Ok(entry) => Heartbeat { entry: Some(entry), beat },
            Err(error) => panic!("Health: {error}"),
        }
    }
}

impl Heartbeat {
    /// Records progress.
    pub fn beat(&self) {
        if self.beat.beat(Instant::now())
            && let Some(entry) = &self.entry
        {
            entry.beaten();
        }
    }

    /// Ends the heartbeat, because the job is done.
    pub fn finish(mut self) {
        if let Some(entry) = self.entry.take() {
            entry.remove();
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            entry.abandon(CheckState::fail("dropped before it was finished"));
        }
    }
}
