use std::{
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::sleep;

/// A network that delivers most messages at once, some of them late, and loses others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    is_lossy: bool,
    messages: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
    late: Arc<AtomicU64>,
}

/// A delay within all deadlines.
const DELAY: Duration = Duration::from_millis(1);
/// The time until a request over a lossy network fails.
const SHORT_DEADLINE: Duration = Duration::from_millis(20);
/// A delay beyond that.
const LONG_DELAY: Duration = Duration::from_millis(30);
/// A deadline that is long enough for a busy machine.
const LONG_DEADLINE: Duration = Duration::from_secs(20);

impl Network {
    /// Creates a network that delays messages, and loses none.
    pub(crate) fn slow() -> Self {
        Self::default()
    }

    /// Creates a network that also loses messages, or delivers them too late.
    pub(crate) fn lossy() -> Self {
        Self { is_lossy: true, ..Self::default() }
    }

    /// Returns the numbers of messages that were lost, and that were delivered too late.
    pub(crate) fn failures(&self) -> [u64; 2] {
        [&self.lost, &self.late].map(|count| count.load(Relaxed))
    }

    /// Returns the time until a request fails.
    pub(super) const fn deadline(&self) -> Duration {
        if self.is_lossy { SHORT_DEADLINE } else { LONG_DEADLINE }
    }

    /// Delivers a message by calling `deliver`.
    pub(super) fn carry(&self, deliver: impl FnOnce() + Send + 'static) {
        let nth = self.messages.fetch_add(1, Relaxed);
        match BuildHasherDefault::<DefaultHasher>::default().hash_one(nth) % 128 {
            0 if self.is_lossy => drop(self.lost.fetch_add(1, Relaxed)),
            1 if self.is_lossy => {
                self.late.fetch_add(1, Relaxed);
                later(LONG_DELAY, deliver);
            }
            2..10 => later(DELAY, deliver),
            _ => deliver(),
        }
    }
}

fn later(delay: Duration, deliver: impl FnOnce() + Send + 'static) {
    tokio::spawn(async move {
        sleep(delay).await;
        deliver();
    });
}
