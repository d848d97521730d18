use std::{sync::Arc, time::Duration};

use battlement_core::CheckState;
use tokio::time::Instant;

use crate::{
    CheckKind, Health,
    beat::{Beat, Late, MAX},
    probe::Probes,
    registry::{Handle, NewEntry, Source},
};

/// The progress of a job, which liveness depends on.
///
/// A job is alive while it beats: a job that waits forever for a lock, or that panicked, is not. A beat reads
/// the clock and updates one atomic.
///
/// While the service drains, an overdue beat or a heartbeat that is dropped no longer fails liveness.
#[derive(Debug)]
#[must_use = "dropping an unfinished heartbeat fails liveness"]
pub struct Heartbeat {
    entry: Option<Handle>,
    beat: Arc<Beat>,
}

impl Health {
    /// Adds a heartbeat: liveness fails when there has been no [beat](Heartbeat::beat) for longer than `every`.
    ///
    /// `every` is the longest time that one step of the job may take, with a margin. The heartbeat begins with a beat. The
    /// name of a heartbeat that was dropped unfinished may be used again, by the job that replaces the one that died.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken, if the registry has 256 entries, or if `every` is zero or longer than 366 days.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use battlement_health::Health;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let health = Health::new(); let batches = [1, 2]; async fn send(_: u32) {}
    /// let heartbeat = health.heartbeat("outbox", Duration::from_secs(30));
    /// # let job = async move {
    /// for batch in batches {
    ///     send(batch).await;
    ///     heartbeat.beat();
    /// }
    /// heartbeat.finish();
    /// # }; job.await;
    /// # }
    /// ```
    pub fn heartbeat(&self, name: &'static str, every: Duration) -> Heartbeat {
        assert!(
            !every.is_zero() && every <= MAX,
            "Health: heartbeat `{name}`: `every` must be greater than zero and at most 366 days, got {every:?}"
        );
        let late =
            Late { grace: Duration::ZERO, state: Arc::new(move |late| overdue(late, every)) };
        let beat = Arc::new(Beat::new(every, late, Instant::now()));
        let source = Source::Beats { beat: Arc::clone(&beat), critical: true };
        let (kind, probes) = (CheckKind::Heartbeat, Probes::LIVE);
        let entry = self.add(NewEntry { name: name.into(), kind, probes, source });
        Heartbeat { entry: Some(entry), beat }
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

    /// Removes the heartbeat from liveness, because the job is done.
    pub fn finish(mut self) {
        if let Some(entry) = self.entry.take() {
            entry.remove();
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else { return };
        // At the end of a drain, jobs that have not ended are dropped.
        if entry.registry().is_some_and(|registry| registry.is_draining()) {
            entry.remove();
        } else {
            let reason = "the heartbeat was dropped before its job was finished";
            entry.abandon(CheckState::fail(reason));
        }
    }
}

fn overdue(late: Duration, every: Duration) -> CheckState {
    let since = (late + every).as_millis();
    CheckState::fail(format!("the last beat was {since} ms ago, and one is due every {every:?}"))
}
