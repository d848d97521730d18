use std::{
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::sleep;

/// A network that delivers most messages at once, some of them late, and loses others. It can be stopped and slowed.
#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    is_lossy: bool,
    deadline: Duration,
    condition: Mutex<Condition>,
    messages: AtomicU64,
    lost: AtomicU64,
    late: AtomicU64,
}

/// The condition of the network, which a test changes.
enum Condition {
    Good,
    /// Each message is delivered after this time.
    Slow(Duration),
    /// Messages are delivered once the network continues.
    Stopped(Vec<Delivery>),
}

type Delivery = Box<dyn FnOnce() + Send>;

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
        Self::new(false, LONG_DEADLINE)
    }

    /// Creates a network that also loses messages, or delivers them too late.
    pub(crate) fn lossy() -> Self {
        Self::new(true, SHORT_DEADLINE)
    }

    /// Creates a network over which requests have this deadline.
    pub(crate) fn with_deadline(deadline: Duration) -> Self {
        Self::new(false, deadline)
    }

    fn new(is_lossy: bool, deadline: Duration) -> Self {
        Self(Arc::new(Inner {
            is_lossy,
            deadline,
            condition: Mutex::new(Condition::Good),
            messages: AtomicU64::default(),
            lost: AtomicU64::default(),
            late: AtomicU64::default(),
        }))
    }

    /// Stops to deliver messages, as a server that is stopped.
    pub(crate) fn stop(&self) {
        *self.0.condition.lock().unwrap() = Condition::Stopped(Vec::new());
    }

    /// Delays each message by `delay`.
    pub(crate) fn delay(&self, delay: Duration) {
        *self.0.condition.lock().unwrap() = Condition::Slow(delay);
    }

    /// Delivers messages again, at first those that were sent meanwhile.
    pub(crate) fn resume(&self) {
        let before = std::mem::replace(&mut *self.0.condition.lock().unwrap(), Condition::Good);
        if let Condition::Stopped(held) = before {
            held.into_iter().for_each(|deliver| deliver());
        }
    }

    /// Returns the number of messages that were sent.
    pub(crate) fn messages(&self) -> u64 {
        self.0.messages.load(Relaxed)
    }

    /// Returns the numbers of messages that were lost, and that were delivered too late.
    pub(crate) fn failures(&self) -> [u64; 2] {
        [&self.0.lost, &self.0.late].map(|count| count.load(Relaxed))
    }

    /// Returns the time until a request fails.
    pub(super) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// Delivers a message by calling `deliver`.
    pub(super) fn carry(&self, deliver: impl FnOnce() + Send + 'static) {
        let nth = self.0.messages.fetch_add(1, Relaxed);
        match &mut *self.0.condition.lock().unwrap() {
            Condition::Good => {}
            Condition::Slow(delay) => return later(*delay, deliver),
            Condition::Stopped(held) => return held.push(Box::new(deliver)),
        }
        match BuildHasherDefault::<DefaultHasher>::default().hash_one(nth) % 128 {
            0 if self.0.is_lossy => drop(self.0.lost.fetch_add(1, Relaxed)),
            1 if self.0.is_lossy => {
                self.0.late.fetch_add(1, Relaxed);
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

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}
