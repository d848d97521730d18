use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use tokio::runtime::{Handle, Id};

use crate::{
    State,
    client::{Client, Settings},
    dispatch::Dispatcher,
    fault::Fault,
    health::supervise,
};

/// A client for each runtime, with connections and a supervisor of its own.
///
/// Therefore a runtime that is blocked or not driven does not delay requests of other runtimes.
pub(crate) struct Clients {
    pub(crate) settings: Arc<Settings>,
    all: ArcSwap<Vec<RuntimeClient>>,
    /// Held while a client is added or removed.
    changes: Mutex<()>,
}

#[derive(Clone)]
struct RuntimeClient {
    runtime: Id,
    dispatcher: Arc<Dispatcher>,
}

impl Clients {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let settings = Arc::new(settings);
        Arc::new(Self { settings, all: ArcSwap::default(), changes: Mutex::default() })
    }

    /// Returns the dispatcher of the current runtime, or `None` outside of any.
    pub(crate) fn current(self: &Arc<Self>) -> Option<Arc<Dispatcher>> {
        let runtime = Handle::try_current().ok()?;
        let id = runtime.id();
        let all = self.all.load();
        let entry = all.iter().find(|entry| entry.runtime == id);
        Some(entry.map_or_else(|| self.add(&runtime), |entry| Arc::clone(&entry.dispatcher)))
    }

    #[cold]
    fn add(self: &Arc<Self>, runtime: &Handle) -> Arc<Dispatcher> {
        let id = runtime.id();
        let dispatcher = {
            let _changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
            let all = self.all.load();
            if let Some(entry) = all.iter().find(|entry| entry.runtime == id) {
                return Arc::clone(&entry.dispatcher);
            }
            let client = Client::new(Arc::clone(&self.settings));
            let dispatcher = Arc::new(Dispatcher::new(client));
            let entry = RuntimeClient { runtime: id, dispatcher: Arc::clone(&dispatcher) };
            self.all.store(Arc::new(all.iter().cloned().chain([entry]).collect()));
            dispatcher
        };
        // A runtime that is shutting down drops the task at once, which removes the client again.
        let supervised = Supervised { clients: Arc::downgrade(self), runtime: id };
        let client = Arc::clone(&dispatcher.client);
        runtime.spawn(async move {
            supervise(&client, move |fault| supervised.report(fault)).await;
        });
        dispatcher
    }

    fn remove(&self, runtime: Id) {
        let _changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let others =
            self.all.load().iter().filter(|entry| entry.runtime != runtime).cloned().collect();
        self.all.store(Arc::new(others));
    }

    /// Returns the combined state of all clients. Clients whose runtime is not driven are ignored, since their state
    /// is out of date.
    pub(crate) fn state(&self) -> State {
        let all = self.all.load();
        let states = |runs: bool| {
            let clients = all
                .iter()
                .filter(move |entry| !runs || entry.dispatcher.client.breaker.is_supervised());
            clients
                .map(|entry| entry.dispatcher.client.breaker.state())
                .filter(|state| *state != State::Connecting)
        };
        combined(states(true)).or_else(|| combined(states(false))).unwrap_or(State::Connecting)
    }

    /// Stops all clients.
    pub(crate) fn close(&self) {
        self.all.load().iter().for_each(|entry| entry.dispatcher.client.breaker.close());
    }
}

/// Returns the combination of several states, or `None` if there is none.
fn combined(mut states: impl Iterator<Item = State>) -> Option<State> {
    let first = states.next()?;
    Some(if states.all(|state| state == first) { first } else { State::Degraded })
}

/// A running supervisor. When it is dropped with its runtime, the client is removed.
struct Supervised {
    clients: Weak<Clients>,
    runtime: Id,
}

impl Supervised {
    fn report(&self, fault: Option<&Fault>) {
        if let Some(clients) = self.clients.upgrade() {
            clients.settings.report.state(|| clients.state(), fault);
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if let Some(clients) = self.clients.upgrade() {
            clients.remove(self.runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_up_or_down_together_and_degraded_where_they_differ() {
        let of = |states: &[State]| combined(states.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[State::Up, State::Up]), Some(State::Up));
        assert_eq!(of(&[State::Down]), Some(State::Down));
        assert_eq!(of(&[State::Up, State::Down]), Some(State::Degraded));
    }
}
