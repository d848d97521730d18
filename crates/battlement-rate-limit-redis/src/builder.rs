#[cfg(feature = "redis-tls")]
mod tls;

use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{ConfigError, InvalidField};
use battlement_rate_limit::KeyHasher;

#[cfg(feature = "redis-cluster")]
use crate::connection::cluster::Nodes;
use crate::{
    client::Settings,
    connection::{Plan, Server, Target, max_connect_time, tls::Certificates},
    observe::Observe,
    redis::Redis,
    report::Report,
    script::{NAME, is_name},
};

/// A builder for a [`Redis`]. No connection is made before [`build`](Self::build), and `build` does not wait for one.
#[derive(Clone)]
pub struct Builder {
    target: Arc<dyn Target>,
    certificates: Certificates,
    deadline: Duration,
    prefix: String,
    secret: Option<Vec<u8>>,
    coalesce: usize,
    queue: usize,
    observe: Option<Arc<dyn Observe>>,
}

/// The subject of configuration errors.
pub(crate) const SETTINGS: &str = "rate limit settings";
const DEADLINE: Duration = Duration::from_millis(50);
const PREFIX: &str = "rl";
const COALESCE: usize = 64;
const QUEUE: usize = 10_000;
/// The least length in bytes at which a secret cannot be guessed.
const MIN_SECRET: usize = 16;
/// A larger batch would occupy the server for longer than other clients should have to wait.
const MAX_COALESCED: usize = 1_024;
const MAX_DEADLINE: Duration = Duration::from_secs(60);

impl Redis {
    /// Creates a client for the server at `url`, such as `redis://user:password@host:6379/0`, with all defaults.
    ///
    /// # Errors
    ///
    /// Returns an error if `url` is not a Redis URL. A server that does not answer is not an error.
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
        Builder::new(Nodes(urls.collect()))
    }
}

impl Builder {
    pub(crate) fn new(target: impl Target + 'static) -> Self {
        Self {
            target: Arc::new(target),
            certificates: Certificates::default(),
            deadline: DEADLINE,
            prefix: PREFIX.to_owned(),
            secret: None,
            coalesce: COALESCE,
            queue: QUEUE,
            observe: None,
        }
    }

    #[cfg(feature = "serde")]
    pub(crate) fn certificates(mut self, certificates: Certificates) -> Self {
        self.certificates = certificates;
        self
    }

    /// Sets the longest time a request waits for its decision, from 1 ms to 60 s. Default: 50 ms, about 50 times a
    /// same-zone round trip, and barely noticeable to callers.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the prefix of all keys: 1 to 64 characters, each a letter, a digit or one of `-_.:/`. Default: `rl`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Sets a secret shared by all replicas, of at least 16 bytes. Default: none.
    ///
    /// Redis stores the key of a client as 128 bits of a hash. With a secret, a reader of Redis cannot recover
    /// addresses from hashes by trying them, and a client cannot construct a key that collides with that of another
    /// client. Changing the secret resets all counts. Hashes within this process use a random key, with and without a
    /// secret.
    #[must_use]
    pub fn key_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.secret = Some(secret.as_ref().to_vec());
        self
    }

    /// Sets the largest number of decisions that are batched into one command, from 1 to 1,024; 1 sends each as a
    /// separate command. Default: 64.
    ///
    /// Batching does not wait for a timer. A batch contains the requests of all tasks that are ready to run, since its
    /// task yields once before it is sent. Requests that arrive while two batches are in flight are part of the next
    /// batch, which is sent early once it is full. A command with 64 decisions occupies a server for a quarter of a
    /// millisecond.
    #[must_use]
    pub fn coalesce(mut self, questions: usize) -> Self {
        self.coalesce = questions;
        self
    }

    /// Sets the largest number of requests that wait at the same time. Further requests get the configured
    /// [`OnFailure`](crate::OnFailure) policy. Default: 10,000.
    #[must_use]
    pub fn queue(mut self, questions: usize) -> Self {
        self.queue = questions;
        self
    }

    /// Sets an observer of commands and states. Default: none.
    #[must_use]
    pub fn observe(mut self, observe: impl Observe + 'static) -> Self {
        self.observe = Some(Arc::new(observe));
        self
    }

    /// Creates the client. Within a runtime, it begins to connect in the background; otherwise the first request does.
    /// An unavailable server is not an error here: the service starts, and the configured `OnFailure` policy applies.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting is invalid. The error names the setting, and never contains the password of a
    /// URL.
    pub fn build(self) -> Result<Redis, ConfigError> {
        self.build_if_valid(Vec::new())
    }

    /// Creates the client, unless settings are invalid, including those found earlier.
    pub(crate) fn build_if_valid(self, invalid: Vec<InvalidField>) -> Result<Redis, ConfigError> {
        let plan = self.plan(invalid)?;
        let seed = seed(self.secret.as_deref());
        let settings = Settings {
            deadline: self.deadline,
            prefix: self.prefix,
            max_batch: self.coalesce,
            max_queued: self.queue,
            report: Report::new(self.observe.clone()),
            observe: self.observe,
            plan,
            now: None,
        };
        Ok(Redis::with_settings(settings, seed))
    }

    /// Checks the settings without creating a client, for example in a program that reads them before its log is set
    /// up.
    ///
    /// # Errors
    ///
    /// Returns an error in the same cases as [`build`](Self::build).
    pub fn check(&self) -> Result<(), ConfigError> {
        self.plan(Vec::new()).map(drop)
    }

    fn plan(&self, mut invalid: Vec<InvalidField>) -> Result<Plan, ConfigError> {
        invalid.extend(self.invalid_fields());
        let limit = max_connect_time(self.deadline);
        match Plan::new(Arc::clone(&self.target), self.certificates.clone(), limit) {
            Ok(plan) => ConfigError::check(SETTINGS, invalid, plan),
            Err(field) => {
                invalid.insert(0, field);
                Err(ConfigError::new(SETTINGS, invalid))
            }
        }
    }

    fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        let mut check = |holds: bool, field: &str, message: &str| {
            if !holds {
                invalid.push(InvalidField::new(field, message));
            }
        };
        let deadline = Duration::from_millis(1)..=MAX_DEADLINE;
        let message = format!("must be between 1ms and 60s, got {:?}", self.deadline);
        check(deadline.contains(&self.deadline), "deadline", &message);
        check(is_name(&self.prefix), "prefix", NAME);
        let secret = self.secret.as_ref().is_none_or(|secret| secret.len() >= MIN_SECRET);
        check(secret, "key_secret", "must be at least 16 bytes long");
        let coalesce = (1..=MAX_COALESCED).contains(&self.coalesce);
        let message = format!("must be between 1 and {MAX_COALESCED}, got {}", self.coalesce);
        check(coalesce, "coalesce", &message);
        check(self.queue > 0, "queue", "must be at least 1, got 0");
        invalid
    }
}

/// Returns the seed of the hash of keys, which is the same for the same secret in all processes.
fn seed(secret: Option<&[u8]>) -> [u64; 2] {
    let bits = KeyHasher::digest(secret.unwrap_or(b"battlement rate limit"));
    [bits as u64, (bits >> 64) as u64]
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("deadline", &self.deadline)
            .field("prefix", &self.prefix)
            .field("coalesce", &self.coalesce)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_makes_the_same_seed_everywhere_and_another_one_than_none() {
        let secret = b"sixteen bytes or more".as_slice();
        assert_eq!(seed(Some(secret)), seed(Some(secret)));
        assert_ne!(seed(Some(secret)), seed(None));
        // If this changed, replicas of two versions would count separately.
        assert_eq!(seed(None), [7848954252629865028, 3506924774305642694]);
    }
}
