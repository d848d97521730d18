use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{
            AtomicU8, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
};

use tokio::sync::Notify;

/// The phase of a process, from its first request to its exit, for all parts of the process to read.
///
/// One value is written by the code that shuts the process down ([`PhaseWriter`]) and read by all other code: a drain,
/// a server's accept loop, the readiness of a health check, a handler that streams. So none of them depends on
/// another. Phases only advance. A clone is one atomic increment, and a reading one atomic load.
///
/// # Example
///
/// ```
/// use battlement_core::{Phase, Phases};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (writer, phases) = Phases::new();
/// assert!(!phases.is_draining());
/// writer.advance(Phase::Stopping);
/// phases.reached(Phase::Unready).await; // skipped phases count as reached
/// assert_eq!(phases.now(), Phase::Stopping);
/// # }
/// ```
#[derive(Clone)]
pub struct Phases(Arc<Shared>);

/// A phase in the life of a process, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Phase {
    /// Requests are served.
    #[default]
    Running = 0,
    /// Readiness fails, so that balancers stop sending; the listener still accepts.
    Unready,
    /// The listener stops accepting.
    Stopping,
    /// Requests in flight and other tracked work end.
    Draining,
    /// The time for the drain is over, and the remaining work is aborted.
    CutOff,
    /// The process may exit.
    Done,
}

/// The writing side of [`Phases`]; clones write to the same value.
#[derive(Clone)]
pub struct PhaseWriter(Arc<Shared>);

struct Shared {
    /// A [`Phase`].
    now: AtomicU8,
    changed: Notify,
    /// Never 0, and never used again.
    number: u64,
}

/// All phases that exist, by their number. A request refers to its phases by a number, since one atomic operation can
/// write it.
static NUMBERED: Mutex<BTreeMap<u64, Weak<Shared>>> = Mutex::new(BTreeMap::new());

static LAST: AtomicU64 = AtomicU64::new(0);

fn numbered() -> MutexGuard<'static, BTreeMap<u64, Weak<Shared>>> {
    NUMBERED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    #[inline]
    fn now(&self) -> Phase {
        // Matched, so that no table is read.
        match self.now.load(Acquire) {
            0 => Phase::Running,
            1 => Phase::Unready,
            2 => Phase::Stopping,
            3 => Phase::Draining,
            4 => Phase::CutOff,
            _ => Phase::Done,
        }
    }
}

impl Phases {
    /// Creates both sides of a process that is [`Phase::Running`].
    #[must_use]
    pub fn new() -> (PhaseWriter, Self) {
        let (now, changed) = (AtomicU8::default(), Notify::new());
        let shared = Arc::new(Shared { now, changed, number: LAST.fetch_add(1, Relaxed) + 1 });
        let mut numbered = numbered();
        numbered.retain(|_, shared| shared.strong_count() > 0);
        numbered.insert(shared.number, Arc::downgrade(&shared));
        (PhaseWriter(Arc::clone(&shared)), Self(shared))
    }

    /// Returns the current phase.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Phase {
        self.0.now()
    }

    /// Returns whether the process is ending: true from [`Phase::Unready`] on.
    ///
    /// Long-lived streams then end themselves, and HTTP/1 responses announce that the connection closes.
    #[must_use]
    #[inline]
    pub fn is_draining(&self) -> bool {
        self.now() > Phase::Running
    }

    /// Returns the number of these phases, which is not 0 and fits in 40 bits.
    #[cfg(feature = "http")]
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// Returns the phases with this number, if they still exist.
    #[cfg(feature = "http")]
    pub(crate) fn numbered(number: u64) -> Option<Self> {
        numbered().get(&number).and_then(Weak::upgrade).map(Self)
    }

    /// Waits until the process has reached `phase`. A phase that is skipped is reached with the next one.
    ///
    /// Without a writer the phase no longer changes, and a phase that was not reached by then never will be. The
    /// future is cancel-safe, and borrows nothing, so that a server can own it as its shutdown signal.
    pub fn reached(&self, phase: Phase) -> impl Future<Output = ()> + Send + Sync + use<> {
        let shared = Arc::clone(&self.0);
        async move {
            loop {
                // Notified by every advance from here on, even before its first poll.
                let changed = shared.changed.notified();
                if shared.now() >= phase {
                    return;
                }
                changed.await;
            }
        }
    }
}

impl PhaseWriter {
    /// Advances to `phase`; an earlier or equal phase is ignored, and wakes no waiter.
    pub fn advance(&self, phase: Phase) {
        if self.0.now.fetch_max(phase as u8, AcqRel) < phase as u8 {
            self.0.changed.notify_waiters();
        }
    }

    /// Returns a new reader.
    #[must_use]
    pub fn phases(&self) -> Phases {
        Phases(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Phases").field(&self.now()).finish()
    }
}

impl fmt::Debug for PhaseWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PhaseWriter").field(&self.0.now()).finish()
    }
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Unready, Self::Stopping, Self::Draining, Self::CutOff, Self::Done];

    /// Returns the value for labels and logs, in snake_case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Unready => "unready",
            Self::Stopping => "stopping",
            Self::Draining => "draining",
            Self::CutOff => "cut_off",
            Self::Done => "done",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::poll_fn,
        pin::{Pin, pin},
        task::Poll,
    };

    use super::*;

    /// Polls once, outside the budget that tokio gives a task.
    async fn is_pending(future: Pin<&mut impl Future>) -> bool {
        let mut future = pin!(tokio::task::unconstrained(future));
        poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn every_advance_wakes_the_waiters_of_the_phases_up_to_it_and_no_others() {
        for from in Phase::ALL {
            for to in Phase::ALL {
                let (writer, phases) = Phases::new();
                writer.advance(from);
                for awaited in Phase::ALL {
                    let mut reached = pin!(phases.reached(awaited));
                    assert_eq!(is_pending(reached.as_mut()).await, awaited > from);
                    if awaited > from {
                        let (writer, phases) = Phases::new();
                        writer.advance(from);
                        let mut reached = pin!(phases.reached(awaited));
                        assert!(is_pending(reached.as_mut()).await);
                        writer.advance(to);
                        let now = from.max(to);
                        assert_eq!(
                            is_pending(reached.as_mut()).await,
                            awaited > now,
                            "{from:?} {to:?}"
                        );
                    }
                }
                writer.advance(to);
                assert_eq!(phases.now(), from.max(to));
            }
        }
    }

    #[tokio::test]
    async fn a_task_that_waits_is_woken_by_a_writer_on_another_thread() {
        let (writer, phases) = Phases::new();
        let waiters: Vec<_> =
            Phase::ALL.map(|phase| tokio::spawn(phases.reached(phase))).into_iter().collect();
        std::thread::spawn(move || Phase::ALL.map(|phase| writer.advance(phase))).join().unwrap();
        for waiter in waiters {
            waiter.await.unwrap();
        }
        assert_eq!(phases.now(), Phase::Done);
    }

    #[tokio::test]
    async fn a_phase_that_no_writer_can_reach_is_never_reached() {
        let (writer, phases) = Phases::new();
        writer.advance(Phase::Unready);
        drop(writer);
        phases.reached(Phase::Unready).await;
        assert!(is_pending(pin!(phases.reached(Phase::Done))).await);
        assert_eq!(phases.now(), Phase::Unready);
    }

    #[test]
    fn a_process_drains_from_unready_on() {
        let (writer, phases) = Phases::new();
        assert!(!phases.is_draining());
        for phase in &Phase::ALL[1..] {
            writer.advance(*phase);
            assert!(writer.phases().is_draining() && phases.is_draining());
        }
    }
}
