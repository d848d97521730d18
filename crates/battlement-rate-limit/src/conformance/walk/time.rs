use std::time::Duration;

use super::Walk;
use crate::{
    Store,
    conformance::{case::Client, flaw::Checked, reference::Reference},
};

/// The time between two operations.
impl<St: Store, R: Reference> Walk<St, R> {
    pub(super) fn pass(&mut self, time: Duration) -> Checked {
        self.subject.set(whole_micros(self.subject.now() + nanos(time)));
        Ok(())
    }

    pub(super) async fn set_back(&mut self, time: Duration) -> Checked {
        let now = whole_micros(self.subject.now().saturating_sub(nanos(time)));
        if self.subject.is_latest_query() {
            // The latest time of both keys is then the same.
            self.acquire(Client::First, 0).await?;
            self.acquire(Client::Second, 0).await?;
            self.subject.set(now);
            return Ok(());
        }
        let latest = self.subject.latest();
        if self.keys.iter().any(|key| key.expected.revives(latest, now)) {
            return Ok(());
        }
        self.subject.set(now);
        self.note("the clock was set back");
        for key in &mut self.keys {
            // The window of a charge from the future is unknown.
            key.charges.retain(|charge| charge.at < now);
        }
        // Cells are cut when they are next read.
        self.peek(Client::First, 1).await?;
        self.peek(Client::Second, 1).await
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4)
}

const fn whole_micros(nanos: u64) -> u64 {
    nanos / 1_000 * 1_000
}
