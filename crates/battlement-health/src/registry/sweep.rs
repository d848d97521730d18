use std::sync::{Arc, Weak};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{Registry, entries::Entries};

/// Looks at the entries when a result becomes stale or a beat late, so that the log and watchers learn of it without a
/// probe.
pub(super) async fn run(registry: Weak<Registry>, sooner: Arc<Notify>) {
    let mut until = None;
    loop {
        tokio::select! {
            () = at(until) => {}
            () = sooner.notified() => {}
        }
        let Some(registry) = registry.upgrade() else { return };
        until = registry.sweep();
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

impl Registry {
    /// Computes the summary, and returns the time until which it holds.
    fn sweep(&self) -> Option<Instant> {
        self.board.update(Instant::now, Entries::begin_sweep);
        self.board.amend(Entries::end_sweep)
    }
}
