use std::{fmt, sync::Arc, time::Duration};

use super::{
    Observe, Redis,
    client::Settings,
    report::Report,
    target::{Plan, Target},
    tls::Certificates,
};
use crate::{ConfigError, InvalidField, KeyHasher, policy::SETTINGS};

/// What a [`Redis`] is made with. Nothing is connected before [`build`](Self::build), and nothing waits then.
#[derive(Clone)]
pub struct Builder {
    target: Arc<dyn Target>,
    pub(super) certificates: Certificates,
    deadline: Duration,
    prefix: String,
    secret: Option<Vec<u8>>,
    coalesce: usize,
    queue: usize,
    observe: Option<Arc<dyn Observe>>,
}

const DEADLINE: Duration = Duration::from_millis(50);
const PREFIX: &str = "rl";
const COALESCE: usize = 64;
const QUEUE: usize = 10_000;
/// What whoever guesses must guess.
const LEAST_SECRET: usize = 16;
/// A script that decides this many takes longer than anybody should hold up a server.
const MOST_COALESCED: usize = 1_024;
const LONGEST_DEADLINE: Duration = Duration::from_secs(60);
const LONGEST_PREFIX: usize = 64;

impl Builder {
    pub(super) fn new(target: impl Target + 'static) -> Self {
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
    pub(super) fn certificates(mut self, certificates: Certificates) -> Self {
        self.certificates = certificates;
        self
    }

    /// How long a request waits at most, with all that is done for it. 1 ms to a minute. Default: 50 ms,
    /// fifty times what a Redis nearby takes, and no more than a caller hardly notices.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// What all keys begin with. 1 to 64 letters, digits or any of `-_.:/`. Default: `rl`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// A secret that all replicas share, at least 16 bytes. Default: none.
    ///
    /// Keys stand in Redis as 128 bits of a hash. With a secret, nobody who reads them can find out by trying
    /// which addresses they are of, and nobody can make up a key that counts as another's. Another secret
    /// begins all counts anew. What is kept inside this process is hashed under a random key with and without it.
    #[must_use]
    pub fn key_secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.secret = Some(secret.as_ref().to_vec());
        self
    }

    /// How many questions may go max_batch as one command. 1 to 1,024; 1 sends each alone. Default: 64.
    ///
    /// No time is spent for it: whoever comes at once goes at once, by a task that gives way once before it goes;
    /// and whoever comes while two commands are on their way goes with the next, or with as many as fill one. A
    /// command of 64 keeps a server busy for a quarter of a millisecond.
    #[must_use]
    pub fn coalesce(mut self, questions: usize) -> Self {
        self.coalesce = questions;
        self
    }

    /// How many questions may wait at once; beyond them Redis counts as failed. Default: 10,000.
    #[must_use]
    pub fn queue(mut self, questions: usize) -> Self {
        self.queue = questions;
        self
    }

    /// Who is told of commands and states. Default: nobody.
    #[must_use]
    pub fn observe(mut self, observe: impl Observe + 'static) -> Self {
        self.observe = Some(Arc::new(observe));
        self
    }

    /// The client. Within a runtime it begins to connect in the background; otherwise with the first request.
    /// That nobody answers is no error here: the service starts, and what was chosen for a failure applies.
    ///
    /// # Errors
    ///
    /// If a setting is none that can be; the error names it, and never holds the password of a URL.
    pub fn build(self) -> Result<Redis, ConfigError> {
        self.build_without(Vec::new())
    }

    /// The client, unless there are mistakes beside these, which were found earlier.
    pub(super) fn build_without(self, mistakes: Vec<InvalidField>) -> Result<Redis, ConfigError> {
        let plan = self.plan(mistakes)?;
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

    /// Whether it can be built, for whoever reads settings before there is a log to tell of connections.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn check(&self) -> Result<(), ConfigError> {
        self.plan(Vec::new()).map(drop)
    }

    fn plan(&self, mut mistakes: Vec<InvalidField>) -> Result<Plan, ConfigError> {
        mistakes.extend(self.invalid_fields());
        let limit = most_time(self.deadline);
        match Plan::new(Arc::clone(&self.target), self.certificates.clone(), limit) {
            Ok(plan) => ConfigError::check(SETTINGS, mistakes, plan),
            Err(mistake) => {
                mistakes.insert(0, mistake);
                Err(ConfigError::new(SETTINGS, mistakes))
            }
        }
    }

    fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut mistakes = Vec::new();
        let mut check = |holds: bool, field: &str, message: &str| {
            if !holds {
                mistakes.push(InvalidField::new(field, message));
            }
        };
        let deadline = Duration::from_millis(1)..=LONGEST_DEADLINE;
        check(deadline.contains(&self.deadline), "deadline", "must be 1ms to 60s");
        check(is_name(&self.prefix), "prefix", "must be 1 to 64 letters, digits or any of -_.:/");
        let secret = self.secret.as_ref().is_none_or(|secret| secret.len() >= LEAST_SECRET);
        check(secret, "key_secret", "must be at least 16 bytes");
        let coalesce = (1..=MOST_COALESCED).contains(&self.coalesce);
        check(coalesce, "coalesce", "must be 1 to 1024; 1 sends each question alone");
        check(self.queue > 0, "queue", "must be at least 1");
        mistakes
    }
}

/// How long making a connection may take: longer than a question, for which nobody waits beyond the deadline.
pub(super) fn most_time(deadline: Duration) -> Duration {
    deadline.saturating_mul(4).clamp(Duration::from_millis(250), Duration::from_secs(5))
}

/// Whether it can be a part of a key, and of nothing else.
pub(super) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    (1..=LONGEST_PREFIX).contains(&name.len()) && name.bytes().all(allowed)
}

/// The same for the same secret, wherever it is.
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
        // Should this change, replicas of two versions would count apart.
        assert_eq!(seed(None), [7848954252629865028, 3506924774305642694]);
    }
}
