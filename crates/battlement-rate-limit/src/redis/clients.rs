use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;
use tokio::runtime::{Handle, Id};

use super::{
    State,
    client::{Engine, Settings},
    fault::Fault,
    supervisor,
};

/// An engine for each runtime that asks, with connections and a supervisor of its own.
///
/// A runtime that is blocked, or lives and is not run, so holds up no request of another one.
pub(super) struct Engines {
    pub(super) settings: Arc<Settings>,
    all: ArcSwap<Vec<Entry>>,
    /// Held while one is added or removed.
    changes: Mutex<()>,
}

#[derive(Clone)]
struct Entry {
    runtime: Id,
    engine: Arc<Engine>,
}

impl Engines {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        let settings = Arc::new(settings);
        Arc::new(Self { settings, all: ArcSwap::default(), changes: Mutex::default() })
    }

    /// Returns the engine of this runtime, or `None` outside of any.
    pub(super) fn here(self: &Arc<Self>) -> Option<Arc<Engine>> {
        let runtime = Handle::try_current().ok()?;
        let id = runtime.id();
        let all = self.all.load();
        let entry = all.iter().find(|entry| entry.runtime == id);
        Some(entry.map_or_else(|| self.add(&runtime), |entry| Arc::clone(&entry.engine)))
    }

    #[cold]
    fn add(self: &Arc<Self>, runtime: &Handle) -> Arc<Engine> {
        let id = runtime.id();
        let engine = {
            let _changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
            let all = self.all.load();
            if let Some(entry) = all.iter().find(|entry| entry.runtime == id) {
                return Arc::clone(&entry.engine);
            }
            let engine = Arc::new(Engine::new(Arc::clone(&self.settings)));
            let entry = Entry { runtime: id, engine: Arc::clone(&engine) };
            self.all.store(Arc::new(all.iter().cloned().chain([entry]).collect()));
            engine
        };
        // A runtime that ends drops the task at once, which removes the entry again.
        let supervised = Supervised { engines: Arc::downgrade(self), runtime: id };
        let supervisor = Arc::clone(&engine);
        runtime.spawn(async move {
            supervisor::run(&supervisor, |fault| supervised.report(fault)).await;
        });
        engine
    }

    fn remove(&self, runtime: Id) {
        let _changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let others =
            self.all.load().iter().filter(|entry| entry.runtime != runtime).cloned().collect();
        self.all.store(Arc::new(others));
    }

    /// Returns the state of all engines together. Those whose runtime is not run say nothing of how Redis stands now.
    pub(super) fn state(&self) -> State {
        let all = self.all.load();
        let states = |runs: bool| {
            let engines = all.iter().filter(move |entry| !runs || entry.engine.is_supervised());
            engines.map(|entry| entry.engine.state()).filter(|state| *state != State::Connecting)
        };
        together(states(true)).or_else(|| together(states(false))).unwrap_or(State::Connecting)
    }

    /// Ends all engines.
    pub(super) fn close(&self) {
        self.all.load().iter().for_each(|entry| entry.engine.signs.closed());
    }
}

/// Returns the state that several make together, or `None` if there is none.
fn together(mut states: impl Iterator<Item = State>) -> Option<State> {
    let first = states.next()?;
    Some(if states.all(|state| state == first) { first } else { State::Degraded })
}

/// A supervisor that runs. If it ends with its runtime, the engine ends, too.
struct Supervised {
    engines: Weak<Engines>,
    runtime: Id,
}

impl Supervised {
    fn report(&self, fault: Option<&Fault>) {
        if let Some(engines) = self.engines.upgrade() {
            engines.settings.report.state(|| engines.state(), fault);
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if let Some(engines) = self.engines.upgrade() {
            engines.remove(self.runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_up_or_down_together_and_degraded_where_they_differ() {
        let of = |states: &[State]| together(states.iter().copied());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[State::Up, State::Up]), Some(State::Up));
        assert_eq!(of(&[State::Down]), Some(State::Down));
        assert_eq!(of(&[State::Up, State::Down]), Some(State::Degraded));
    }
}
