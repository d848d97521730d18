//! Limits shared by several processes, stored in Redis.
//!
//! # The failure it prevents
//!
//! A service with four replicas allows each client 100 requests a minute in each process, so that a client gets 400.
//! The limits move to Redis. Then Redis stops for a minute, and requests wait for it, fail, or pass without a limit,
//! depending on the error that each of them gets.
//!
//! ```no_run
//! use battlement_rate_limit::{Key, Policy, RateLimitLayer, redis::{OnFailure, Redis, Share}};
//!
//! # fn main() -> Result<(), battlement_rate_limit::ConfigError> {
//! let redis = Redis::new("redis://127.0.0.1:6379/")?;
//! // Four replicas: while Redis is unavailable, each allows a quarter of the limit.
//! let fallback = OnFailure::LocalFallback { share: Share::one_in(4) };
//! let orders = RateLimitLayer::new(Policy::per_minute("orders", 100), Key::client_ip())
//!     .store(redis.store("orders", fallback));
//! let logins = RateLimitLayer::new(Policy::per_minute("logins", 5), Key::client_ip())
//!     .store(redis.store("logins", OnFailure::Deny));
//! # Ok(())
//! # }
//! ```
//!
//! # What it does to a request
//!
//! 1. A key that Redis denied a moment ago is denied locally until its wait has passed, without a round trip.
//! 2. For every other key, one command runs a script in Redis. The script charges all policies of the key or none, by
//!    the clock of Redis. Requests that arrive while two commands are in flight are batched into the next one, in the
//!    order in which they arrived.
//! 3. The request waits for the reply before it reaches the service, and no longer than the deadline. A request is not
//!    charged after its deadline: the command carries the deadline, and the script does nothing once it has passed.
//! 4. If no reply arrives in time, the configured [`OnFailure`] applies. A command that Redis may have executed is
//!    never sent again. Headers whose values are unknown are left out.
//!
//! A connection that closes is replaced at once. A command of which no byte was written is sent over the next
//! connection, within the deadline of each of its requests: a killed idle connection, a restart of the server or the
//! idle timeout of a proxy fails no request while the server answers. A command that was in flight fails its own
//! requests and no others.
//!
//! After a late or failed command, a background task probes whether Redis still makes decisions. The probe *writes*,
//! so that a demoted primary or a server without memory does not count as available. Only if the probe fails too, the
//! circuit breaker opens and no request is sent to Redis: an outage delays a few requests by the deadline, and the
//! others not at all. While the breaker is open, the task probes with a backoff that grows with the outage and has
//! jitter. It also pings idle connections.
//!
//! A process without enough CPU time reads replies late. If a timer fires late, the request waits longer by the same
//! time, and a probe that was late for that reason is repeated, so that a busy process does not mistake its own load
//! for an outage.
//!
//! # What the log says
//!
//! The beginning of an outage is logged at level `WARN`, with the reason (`why`) and what an operator can do (`fix`);
//! its end is logged at level `INFO`. The same reason is logged at most once a minute; further outages are logged at
//! level `DEBUG`. Commands that fail while Redis is available are logged the same way. Log lines never contain an
//! address, a password or a key.
//!
//! # Runtimes
//!
//! Each Tokio runtime has its own connections, batches and supervising task. They start with the first request of the
//! runtime, and end with the runtime or with the last clone of the [`Redis`].
//!
//! - One multi-threaded runtime, as with axum and `#[tokio::main]`, has one connection.
//! - With one current-thread runtime per core, each core has its own connection: a handler that blocks its core delays
//!   no request of another core. Create one [`Redis`], and move clones of it, or of its layers, to the cores.
//! - A [`Redis`] that was created in one runtime may be used in others, whether or not that runtime still runs.
//!   [`Redis::state`] combines the states of all runtimes, without those that have not run for 20 seconds.
//! - A call outside of any runtime is not sent to Redis; the configured [`OnFailure`] applies.
//!
//! # TLS
//!
//! Enable the feature `redis-tls`, and begin the URL with `rediss://`. Trusted authorities are those of the system, or
//! those of `root_certificates` or `root_certificates_file`. Servers that require a client certificate, which is the
//! default of Redis, need `client_certificate_files`. Files are read again for each connection.
//!
//! The cryptography is the default provider that the application has installed for its process
//! (`rustls::crypto::CryptoProvider::install_default`) by the time a connection is made, or else *ring*. This crate
//! installs no provider, so the application may install one before or after.
//!
//! # Defaults
//!
//! | setting | default | reason |
//! |---|---|---|
//! | [`OnFailure`] | none | only the application knows whether to reject or to allow requests during an outage |
//! | deadline | 50 ms | many times a same-zone round trip, and barely noticeable to callers |
//! | prefix of keys | `rl` | |
//! | secret of keys | none | replicas must share it, so it has to be configured |
//! | requests in a batch | 64 | a command of that size keeps a server busy for a quarter of a millisecond |
//! | requests that wait | 10,000 per runtime | a longer queue would only exceed the deadline |
//! | denied keys that are cached | 10,000 | about 2 MB |
//! | age of a cached denial | 1 s | the longest delay before a refund or a reset of another process takes effect |
//! | connections | 1 per runtime and server | commands are pipelined and batched, so more connections gain nothing |
//!
//! # What it stores in Redis
//!
//! Redis stores one string for each key, `rl:{orders:<128 bits of a hash>}`, with a cell for each policy: about 200
//! bytes with one policy, including what Redis adds. Every key has a TTL, which ends when the full quota is available
//! again. Under GCRA the TTL is longer by a quarter and a second, so that it is written only when the key would expire
//! too soon, and not with each request. Everything about a client is in one slot, so that a cluster never replies
//! `CROSSSLOT`. The hash is the same in all replicas; with a [`key_secret`](Builder::key_secret), a client cannot be
//! recovered from it.
//!
//! The script uses `GET`, `SET` (with `KEEPTTL`, since Redis 6.0), `DEL` and `TIME`. It is tested with Redis 7.0;
//! Redis 8 and Valkey are not tested.
//!
//! # When Redis loses data
//!
//! After a restart without persistence, a `FLUSHALL`, or a failover to a replica that lacks the last writes, a key
//! regains the units that it had used: at most its burst (or the quota of a window) for each such event.
//! `docs/redis.md` describes how to size Redis, and how to reduce the loss.
//!
//! # Compared with others
//!
//! - tower-rate-limit-redis: one policy, by GCRA, with intervals in whole milliseconds. A timeout is optional; during
//!   an outage each request waits for it, and then passes or gets a 500. The application provides the connection,
//!   which must be open when the service starts and is not replaced. It sends no header other than `Retry-After`, and
//!   does not support costs, refunds or clusters.
//! - rate-limit-redis for Express counts each request in a fixed window, denied ones included, and fails the request
//!   with a 500 when Redis fails: `docs/migrate/rate-limit-redis.md`.
//!
//! # Cancellation
//!
//! A request that is dropped before its command was sent is not charged. A request that is dropped later is charged,
//! as in memory. Dropping one request does not affect the others in its batch, and no request waits for a caller that
//! is no longer polled.

mod batch;
mod builder;
mod check;
mod client;
mod clients;
mod clock;
#[cfg_attr(not(feature = "redis-cluster"), path = "redis/no_cluster.rs")]
mod cluster;
mod connection;
mod dispatch;
mod encoded;
mod exchange;
mod fault;
mod group;
mod in_flight;
mod key;
mod link;
mod observe;
mod permit;
mod probe;
mod question;
mod queue;
mod report;
mod script;
#[cfg(feature = "serde")]
mod settings;
mod signals;
mod slot;
mod slot_hasher;
mod state;
mod store;
mod supervisor;
mod target;
mod timed;
#[cfg_attr(not(feature = "redis-tls"), path = "redis/no_tls.rs")]
mod tls;

use std::{fmt, sync::Arc};

pub use battlement_core::CheckState;

#[cfg(fuzzing)]
pub use self::connection::fuzz;
#[cfg(feature = "serde")]
pub use self::settings::{RedisSettings, Urls};
pub use self::{builder::Builder, observe::Observe, state::State, store::RedisStore};
use self::{
    client::{Client, Settings},
    clients::Clients,
    target::Server,
};
use crate::ConfigError;
pub use crate::remote::{OnFailure, Share};

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
    fn with_settings(settings: Settings, seed: [u64; 2]) -> Self {
        let clients = Clients::new(settings);
        drop(clients.current());
        Self(Arc::new(Owner { clients, seed }))
    }

    /// Returns the client of the current runtime, or `None` outside of any.
    fn client(&self) -> Option<Arc<Client>> {
        self.0.clients.current()
    }

    fn settings(&self) -> &Settings {
        &self.0.clients.settings
    }

    fn prefix(&self) -> &str {
        &self.settings().prefix
    }

    fn seed(&self) -> [u64; 2] {
        self.0.seed
    }

    fn is_cluster(&self) -> bool {
        self.settings().plan.groups() > 1
    }

    fn is_coalesced(&self) -> bool {
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
