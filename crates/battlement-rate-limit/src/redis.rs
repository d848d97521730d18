//! Limits that several processes share, in Redis.

mod breaker;
mod builder;
mod clock;
#[cfg_attr(not(feature = "redis-cluster"), path = "redis/no_cluster.rs")]
mod cluster;
mod deny_cache;
mod encoded;
mod engine;
mod entry;
mod failure;
mod group;
mod lanes;
mod link;
mod observe;
mod probe;
mod script;
#[cfg(feature = "serde")]
mod settings;
mod signs;
mod slot;
mod state;
mod store;
mod supervisor;
mod target;
#[cfg_attr(not(feature = "redis-tls"), path = "redis/plain.rs")]
mod tls;

use std::{fmt, sync::Arc};

pub(crate) use self::encoded::Encoded;
#[cfg(feature = "serde")]
pub use self::settings::{RedisSettings, Urls};
pub use self::{
    builder::Builder,
    failure::{OnFailure, Share},
    observe::Observe,
    state::State,
    store::{Asking, RedisStore},
};
use self::{engine::Engine, target::Server};
use crate::ConfigError;

/// A Redis that limiters keep their state in: one connection for all of them.
///
/// A clone is the same one. A task of its own makes the connection, looks whether Redis decides, and comes
/// back to it after an outage; it ends with the last clone.
#[derive(Clone)]
pub struct Redis(Arc<Owner>);

struct Owner {
    engine: Arc<Engine>,
    seed: [u64; 2],
}

impl Redis {
    /// The Redis at `url`, as `redis://user:password@host:6379/0`, with all defaults.
    ///
    /// # Errors
    ///
    /// If it is no such URL. That nobody answers there is no error.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        Self::builder(url).build()
    }

    /// The Redis at `url`, to be set up further.
    #[must_use]
    pub fn builder(url: &str) -> Builder {
        Builder::new(Server(url.to_owned()))
    }

    /// The cluster that these nodes belong to, to be set up further. The others are found through them.
    ///
    /// Keys lie in the slots their hashes fall into, and what is asked together is of one slot. A node that
    /// is away takes only its own slots with it.
    #[cfg(feature = "redis-cluster")]
    #[must_use]
    pub fn cluster<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Builder {
        let urls = urls.into_iter().map(|url| url.as_ref().to_owned());
        Builder::new(cluster::Nodes(urls.collect()))
    }

    /// The state of one limiter, by its name. All that have the same name count as one, in whatever process.
    ///
    /// # Panics
    ///
    /// If the name is not 1 to 64 letters, digits or any of `-_.:/`.
    #[must_use]
    pub fn store(&self, name: &str, on_failure: OnFailure) -> RedisStore {
        assert!(
            builder::is_name(name),
            "the name of a limiter must be 1 to 64 letters, digits or any of -_.:/, not {name:?}"
        );
        RedisStore::new(self.clone(), name, on_failure)
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.0.engine.state()
    }

    fn of(engine: Arc<Engine>, seed: [u64; 2]) -> Self {
        Self(Arc::new(Owner { engine, seed }))
    }

    fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.0.engine)
    }

    fn prefix(&self) -> &str {
        &self.0.engine.settings.prefix
    }

    fn seed(&self) -> [u64; 2] {
        self.0.seed
    }

    fn is_cluster(&self) -> bool {
        self.0.engine.groups.len() > 1
    }

    /// Whether it is up where `key` lies, as far as is known.
    fn is_worth_asking(&self, key: impl FnOnce() -> String) -> bool {
        let slot = if self.is_cluster() { slot::slot_of(&key()) } else { 0 };
        self.0.engine.is_worth_asking(slot)
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.engine.signs.closed();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("state", &self.state()).finish_non_exhaustive()
    }
}
