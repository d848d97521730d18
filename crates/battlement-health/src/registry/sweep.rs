use std::sync::{Arc, Weak};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::Registry;
use crate::sync::lock;

/// Looks at the entries when a result becomes stale or a beat late, so that the log and watchers learn of it without a
/// probe.
pub(super) async fn run(registry: Weak<Registry>, sooner: Arc<Notify>) {
    let mut until: Option<Instant> = None;
    loop {
        let wake = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wake => {}
            () = sooner.notified() => {}
        }
        let Some(registry) = registry.upgrade() else { return };
        until = registry.sweep();
    }
}

impl Registry {
    /// Computes the summary, and returns the time until which it holds.
    fn sweep(&self) -> Option<Instant> {
        let now = Instant::now();
        lock(&self.entries).begin_sweep(now);
        self.refresh(now);
        lock(&self.entries).end_sweep()
    }
}
