use std::{fmt, sync::Arc};

use battlement_core::ConfigError;
use battlement_rate_limit::remote::OnFailure;

#[cfg(feature = "redis-cluster")]
use crate::cluster;
use crate::{
    Builder, RedisStore, State, builder,
    client::{Client, Settings},
    clients::Clients,
    target::Server,
};

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
    /// Creates a client for the server at `url`, as `redis://user:password@host:6379/0`, with all defaults.
    ///
    /// # Errors
    ///
    /// Returns an error if `url` is not such a URL. A server that does not answer is not an error.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        Self::builder(url).build()
    }

    /// Returns a builder for a client of the server at `url`.
    #[must_use]
    pub fn builder(url: &str) -> Builder {
        Builder::new(Server(url.to_owned()))
    }

    /// Returns a builder for a client of the cluster that these nodes belong to. The other nodes are discovered
    /// through them.
    ///
    /// A key is in the slot of its hash, and each batch contains keys of one slot. An unavailable node affects only
    /// its own slots. A slot that migrates fails no request.
    #[cfg(feature = "redis-cluster")]
    #[must_use]
    pub fn cluster<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Builder {
        let urls = urls.into_iter().map(|url| url.as_ref().to_owned());
        Builder::new(cluster::Nodes(urls.collect()))
    }

    /// Returns the store of the limiter with this name. Stores with the same name share their counts, in all
    /// processes.
    ///
    /// # Panics
    ///
    /// Panics if the name is not 1 to 64 characters, each a letter, a digit or one of `-_.:/`.
    #[must_use]
    pub fn store(&self, name: &str, on_failure: OnFailure) -> RedisStore {
        assert!(builder::is_name(name), "the name of a limiter {}, got {name:?}", builder::NAME);
        RedisStore::new(self.clone(), name, on_failure)
    }

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

    /// Returns the client of the current runtime, or `None` outside of any.
    pub(crate) fn client(&self) -> Option<Arc<Client>> {
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
