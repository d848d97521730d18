//! Limits that several processes share, in Redis.
//!
//! # The failure it prevents
//!
//! Four replicas each allow a hundred a minute, and a client gets four hundred. Then the limits move to Redis,
//! Redis stops for a minute, and every request waits for it, or fails, or passes unlimited, as it happens.
//!
//! ```no_run
//! use battlement_rate_limit::{Key, Policy, RateLimitLayer, redis::{OnFailure, Redis, Share}};
//!
//! # fn main() -> Result<(), battlement_rate_limit::ConfigError> {
//! let redis = Redis::new("redis://127.0.0.1:6379/")?;
//! // Four replicas: while Redis is away, each allows a quarter.
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
//! 1. A key that Redis denied a moment ago is denied here, until the time has come, and costs Redis nothing.
//! 2. The others are asked for: all policies of a key by one command, a script that charges all of them or
//!    none, by the clock of Redis. Whoever comes while two commands are on their way goes with the next one,
//!    in the order in which they came.
//! 3. The request waits for the answer outside of the service, and no longer than the deadline. What was given
//!    up is not charged later: a command says until when it may be, and the script holds to it.
//! 4. If there is no answer in time, the configured [`OnFailure`] applies, and nothing that Redis may have executed is
//!    sent a second time. Headers that would have to be guessed are left out.
//!
//! A connection that closes is replaced at once. A command of which no byte was written goes out over the next
//! connection, within the deadline of each of its requests: a killed idle connection, a restart of the server or the idle
//! timeout of a proxy fails no request while the server answers. A command that was on its way fails its own requests
//! and no others.
//!
//! When a call was late or failed, a task probes whether Redis decides, and *writes* what it has decided: a replica that
//! was a primary, or a server without memory, does not count as available. Only if a probe fails as well, requests do
//! not ask: an outage costs a few requests the deadline, and the others nothing. The task probes again, at intervals that
//! grow with the outage and differ between processes. It uses idle connections, too.
//!
//! A process that lacks the processor reads answers late. Where a timer fires late, the request waits for as long again,
//! and a probe that was late for that reason is repeated, so that a busy process does not take itself for an outage.
//!
//! # What the log says
//!
//! An outage is logged as a warning when it begins, with the reason (`why`) and what an operator can do (`fix`), and
//! its end at level info. The same reason is logged once a minute at most; in between, outages are logged at level
//! debug. Commands that fail while Redis is available are logged the same way. No line contains an address, a password or
//! a key.
//!
//! # Runtimes
//!
//! Each Tokio runtime that asks has connections, batches and a supervising task of its own, made with its first request
//! and ended with the runtime, or with the last clone of the [`Redis`].
//!
//! - With one multi-threaded runtime, as axum and `#[tokio::main]` have it, that is one connection.
//! - With one current-thread runtime per core, each core has its own: a handler that blocks its core holds up no request
//!   of another core. A [`Redis`] is made once, and its clones or those of its layers are moved to the cores.
//! - A [`Redis`] that was made in one runtime may be used in others, whether or not that one is run. [`Redis::state`]
//!   tells how all of them stand together; one that has not run for 20 seconds is left out.
//! - A request that is called outside of any runtime is not asked for, and the configured [`OnFailure`] applies.
//!
//! # TLS
//!
//! With the feature `redis-tls`, and `rediss://` in the URL. The authorities are those of the system, or
//! `root_certificates` or `root_certificates_file`; `client_certificate_files` are for servers that require a certificate
//! of the client, as Redis does by default. Files are read again for each connection.
//!
//! The cryptography is that which the application has installed as the default of its process
//! (`rustls::crypto::CryptoProvider::install_default`) by the time that a connection is made, or that of ring. This crate
//! installs nothing, so the application may choose before or after.
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | [`OnFailure`] | none | only you know whether it is worse to turn away or to let pass |
//! | deadline | 50 ms | many times what a Redis nearby takes, and hardly noticed |
//! | prefix of keys | `rl` | |
//! | secret of keys | none | what replicas must share, somebody has to give them |
//! | questions together | 64 | a command of so many keeps a server busy for a quarter of a millisecond |
//! | questions that wait | 10,000 per runtime | beyond, waiting helps nobody |
//! | denied keys remembered | 10,000 | about 2 MB |
//! | age of what is remembered | 1 s | so late at most is a refund or a reset of another process seen |
//! | connections | 1 per runtime and server | commands share it; what is asked together needs no more |
//!
//! # What it keeps in Redis
//!
//! One string for each key, `rl:{orders:<128 bits of a hash>}`, with a cell for each policy: about 200 bytes
//! with one policy, all that Redis adds included. Every key has a TTL, which ends when it is as good as new, or, under
//! GCRA, a quarter of that time and a second later: a new one is written when the key would end too soon, and not with
//! each request. All that belongs to a key lies in one slot, so that a cluster never says `CROSSSLOT`. The hash is the
//! same in all replicas; with a [`key_secret`](Builder::key_secret) nobody who reads it can find out whose it is.
//!
//! The script uses `GET`, `SET` (`KEEPTTL` of which Redis knows since 6.0), `DEL` and `TIME`. It was run on Redis 7.0;
//! Redis 8 and Valkey were not tried.
//!
//! # When Redis loses what it knew
//!
//! A restart without persistence, a `FLUSHALL`, or a failover to a replica that had not seen the last writes:
//! a key then has what it had used back, at most its burst (or the quota of a window) for each such event.
//! `docs/redis.md` says how to size Redis, and what of this can be had better.
//!
//! # Compared with others
//!
//! - tower-rate-limit-redis: one policy by GCRA, with intervals in whole milliseconds; a timeout if you set
//!   one, which each request of an outage waits for, and then passes or gets a 500. It goes over a connection
//!   of yours, which must be there when the service starts and is not made anew; headers but for
//!   `Retry-After`, costs, refunds and clusters it has none.
//! - rate-limit-redis for express counts each request by a fixed window, the denied ones too, and fails the
//!   request with a 500 when Redis fails: `docs/migrate/rate-limit-redis.md`.
//!
//! # When the caller goes away
//!
//! Before its question was sent, it is not charged. After that it is, as in memory. Nobody who goes takes
//! along those whose questions went with its own, and nobody waits for a caller that is not polled any more.

mod batch;
mod builder;
mod client;
mod clients;
mod clock;
#[cfg_attr(not(feature = "redis-cluster"), path = "redis/no_cluster.rs")]
mod cluster;
mod connection;
mod deadline;
mod deny_cache;
mod dispatch;
mod encoded;
mod exchange;
mod failure;
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
mod state;
mod store;
mod supervisor;
mod target;
mod timed;
#[cfg_attr(not(feature = "redis-tls"), path = "redis/no_tls.rs")]
mod tls;

use std::{fmt, sync::Arc};

#[cfg(fuzzing)]
pub use self::connection::fuzz;
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
use self::{
    client::{Engine, Settings},
    clients::Engines,
    target::Server,
};
use crate::ConfigError;

/// A Redis that limiters keep their state in, with the connections for all of them.
///
/// A clone shares them. In each runtime that asks, a task looks after the connections; it ends with the last clone.
#[derive(Clone)]
pub struct Redis(Arc<Owner>);

struct Owner {
    engines: Arc<Engines>,
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
    /// is unavailable takes only its own slots with it. A slot that migrates fails no request.
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
        self.0.engines.state()
    }

    /// Within a runtime, begins to connect.
    fn of(settings: Settings, seed: [u64; 2]) -> Self {
        let engines = Engines::new(settings);
        drop(engines.here());
        Self(Arc::new(Owner { engines, seed }))
    }

    /// Returns the engine of this runtime, or `None` outside of any.
    fn engine(&self) -> Option<Arc<Engine>> {
        self.0.engines.here()
    }

    fn settings(&self) -> &Settings {
        &self.0.engines.settings
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
        self.settings().together > 1
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.engines.close();
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("state", &self.state()).finish_non_exhaustive()
    }
}
