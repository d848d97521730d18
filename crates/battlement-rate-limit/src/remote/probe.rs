use std::future::ready;

use super::State;

/// The probes by which [`supervise`](super::supervise) finds out whether a store is available.
///
/// Only [`probe`](Self::probe) is required. The other methods are for stores with connections that can be replaced, or
/// with several servers.
pub trait Probe: Send {
    /// The reason why a group of keys is unavailable.
    type Fault: Send + 'static;

    /// Asks the store about a key of `group`, and returns the reason if the store does not decide.
    ///
    /// The probe acquires a unit of a key of its own, since a server that only reads does not count as available. The
    /// future must end within the deadline of the store, and must repeat a probe that was late because this process was
    /// late; see [`Late::was_on_time`](super::Late::was_on_time). Several groups are probed at the same time, each in a
    /// task of its own.
    fn probe(
        &mut self,
        group: usize,
    ) -> impl Future<Output = Result<(), Self::Fault>> + Send + 'static;

    /// Prepares for another probe of a group whose last probe failed, such as by closing the connection. Default: does
    /// nothing.
    fn prepare(&mut self, group: usize, fault: &Self::Fault) {
        let _ = (group, fault);
    }

    /// Reads again which server has which keys. The supervisor calls this method before the first probe, before every
    /// fifth probe of unavailable groups, and after [`Breaker::moved`](super::Breaker::moved). The supervisor waits for it
    /// without a limit, so set a deadline. Default: does nothing.
    fn refresh(&mut self) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// Sends a message over each idle connection, every two seconds, and returns the groups that were not answered, which
    /// are probed then. The supervisor waits for it without a limit, so set a deadline. Default: does nothing.
    fn ping(&mut self) -> impl Future<Output = Vec<usize>> + Send {
        ready(Vec::new())
    }

    /// Returns whether there is a connection for `group`. Groups without a connection are probed after
    /// [`Breaker::changed`](super::Breaker::changed). Default: true.
    fn is_connected(&mut self, group: usize) -> bool {
        let _ = group;
        true
    }

    /// Reports the state, which may have changed, with the fault of the first unavailable group. Default: does nothing.
    fn report(&mut self, state: State, fault: Option<&Self::Fault>) {
        let _ = (state, fault);
    }
}
