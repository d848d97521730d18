use std::future::pending;

use tokio::sync::watch;

/// The phase of a process, from its first request to its exit, for all parts of the process to read.
///
/// One value is written by the code that shuts the process down ([`PhaseWriter`]) and read by all other code: a drain,
/// a server's accept loop, the readiness of a health check, a handler that streams. So none of them depends on
/// another. Phases only advance. A clone is one atomic increment.
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
#[derive(Clone, Debug)]
pub struct Phases(watch::Receiver<Phase>);

/// A phase in the life of a process, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Requests are served.
    #[default]
    Running,
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
#[derive(Clone, Debug)]
pub struct PhaseWriter(watch::Sender<Phase>);

impl Phases {
    /// Creates both sides of a process that is [`Phase::Running`].
    #[must_use]
    pub fn new() -> (PhaseWriter, Self) {
        let (sender, receiver) = watch::channel(Phase::default());
        (PhaseWriter(sender), Self(receiver))
    }

    /// Returns the current phase.
    #[must_use]
    pub fn now(&self) -> Phase {
        *self.0.borrow()
    }

    /// Returns whether the process is ending: true from [`Phase::Unready`] on.
    ///
    /// Long-lived streams then end themselves, and HTTP/1 responses announce that the connection closes.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.now() > Phase::Running
    }

    /// Waits until the process has reached `phase`. A phase that is skipped is reached with the next one.
    ///
    /// Without a writer the phase no longer changes, and a phase that was not reached by then never will be. The
    /// future is cancel-safe, and borrows nothing, so that a server can own it as its shutdown signal.
    pub fn reached(&self, phase: Phase) -> impl Future<Output = ()> + Send + Sync + use<> {
        let mut receiver = self.0.clone();
        async move {
            if receiver.wait_for(|now| *now >= phase).await.is_err() {
                pending::<()>().await;
            }
        }
    }
}

impl PhaseWriter {
    /// Advances to `phase`; an earlier or equal phase is ignored, and wakes no waiter.
    pub fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|now| {
            let advances = phase > *now;
            if advances {
                *now = phase;
            }
            advances
        });
    }

    /// Returns a new reader.
    #[must_use]
    pub fn phases(&self) -> Phases {
        Phases(self.0.subscribe())
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
