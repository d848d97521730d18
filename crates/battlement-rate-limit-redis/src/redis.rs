use std::{fmt, sync::Arc};

use battlement_rate_limit::remote::State;

use crate::{client::Settings, clients::Clients, dispatch::Dispatcher};

/// A Redis server or cluster that stores the state of limiters, with its connections.
///
/// Clones share the connections. In each runtime that uses it, a task supervises the connections; the task ends with
/// the last clone.
#[derive(Clone)]
pub struct Redis(Arc<Owner>);

struct Owner {
    clients: Arc<Clients>,
    seed: [u64; 2],
}

impl Redis {
    /// Returns whether Redis is available, over all runtimes.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.clients.state()
    }

    /// Creates a client, and begins to connect if it is called within a runtime.
    pub(crate) fn with_settings(settings: Settings, seed: [u64; 2]) -> Self {
        let clients = Clients::new(settings);
        drop(clients.current());
        Self(Arc::new(Owner { clients, seed }))
    }

    /// Returns the dispatcher of the current runtime, or `None` outside of any.
    pub(crate) fn dispatcher(&self) -> Option<Arc<Dispatcher>> {
        self.0.clients.current()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.clients.settings
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.settings().prefix
    }

    pub(crate) fn seed(&self) -> [u64; 2] {
        self.0.seed
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.settings().plan.groups() > 1
    }

    pub(crate) fn is_coalesced(&self) -> bool {
        self.settings().max_batch > 1
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.clients.close();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("state", &self.state()).finish_non_exhaustive()
    }
}
