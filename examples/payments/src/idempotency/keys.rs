use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroUsize,
    time::Duration,
};

use battlement::problem::Problem;
use http::StatusCode;
use tokio::time::Instant;

use super::IdempotencyKey;

/// The wait that a client is asked for while its first request is in progress, or while all keys are.
const IN_PROGRESS_WAIT: Duration = Duration::from_secs(1);

/// The bounds of the keys that are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyLimits {
    /// The number of keys. A key takes less than a kilobyte, with its answer.
    pub max: NonZeroUsize,
    /// The time that a key is remembered after its request was answered.
    pub keep: Duration,
}

/// The answers of requests by key: the state of all keys, without clock, lock or task.
///
/// Each key is in progress, from [`claim`](Self::claim) until [`complete`](Self::complete) or
/// [`release`](Self::release), or has an answer, until that expires. A key in progress does not expire, since its
/// request would then run twice.
#[derive(Debug)]
pub(crate) struct Keys<A> {
    limits: KeyLimits,
    entries: HashMap<IdempotencyKey, Entry<A>>,
    /// The keys with an answer, and the time at which each expires. The first in the queue expires first.
    expiring: VecDeque<(Instant, IdempotencyKey)>,
    warned: bool,
}

#[derive(Debug)]
struct Entry<A> {
    /// A hash of the body of the request.
    fingerprint: u64,
    answer: Option<A>,
}

/// The state of a key, seen by a request that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim<A> {
    /// The key is new and now in progress; the caller must complete or release it.
    Granted {
        /// Whether to warn that four fifths of all keys are taken: true for one key until half of them are free again.
        nearly_full: bool,
    },
    /// The request was answered before.
    Answered(A),
    Refused(Refused),
}

/// The reason why a request with a key does not get an answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The first send of the request is still in progress.
    InProgress,
    /// The key belongs to a request with another body.
    Reused,
    /// No key is free before this time has passed.
    Full(Duration),
}

impl<A: Clone> Keys<A> {
    pub(crate) fn new(limits: KeyLimits) -> Self {
        Self { limits, entries: HashMap::new(), expiring: VecDeque::new(), warned: false }
    }

    /// Looks up a key, and takes it if it is new.
    pub(crate) fn claim(
        &mut self,
        key: &IdempotencyKey,
        fingerprint: u64,
        now: Instant,
    ) -> Claim<A> {
        self.expire(now);
        if let Some(entry) = self.entries.get(key) {
            return entry.claim(fingerprint);
        }
        if self.entries.len() >= self.limits.max.get() {
            let first = self.expiring.front().map(|(expires, _)| *expires - now);
            return Claim::Refused(Refused::Full(first.unwrap_or(IN_PROGRESS_WAIT)));
        }
        self.entries.insert(key.clone(), Entry { fingerprint, answer: None });
        Claim::Granted { nearly_full: self.warns() }
    }

    /// Stores the answer of a key in progress.
    pub(crate) fn complete(&mut self, key: &IdempotencyKey, answer: A, now: Instant) {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.answer.is_none()) {
            entry.answer = Some(answer);
            self.expiring.push_back((now + self.limits.keep, key.clone()));
        }
    }

    /// Forgets a key in progress, so that the next send of its request does the work.
    pub(crate) fn release(&mut self, key: &IdempotencyKey) {
        if self.entries.get(key).is_some_and(|entry| entry.answer.is_none()) {
            self.entries.remove(key);
        }
    }

    /// Returns the number of keys that are remembered.
    pub(crate) fn count(&mut self, now: Instant) -> usize {
        self.expire(now);
        self.entries.len()
    }

    pub(crate) const fn limits(&self) -> KeyLimits {
        self.limits
    }

    /// Forgets the keys whose answers have expired. Each is visited once, however many there are.
    fn expire(&mut self, now: Instant) {
        while let Some((_, key)) = self.expiring.front().filter(|(expires, _)| *expires <= now) {
            self.entries.remove(key);
            self.expiring.pop_front();
        }
    }

    /// Returns true once when four fifths of the keys are taken, and again only after half of them were free.
    fn warns(&mut self) -> bool {
        let (count, max) = (self.entries.len(), self.limits.max.get());
        let was_warned = self.warned;
        self.warned = count >= max - max / 5 || (was_warned && count > max / 2);
        self.warned && !was_warned
    }
}

impl<A: Clone> Entry<A> {
    fn claim(&self, fingerprint: u64) -> Claim<A> {
        match &self.answer {
            _ if self.fingerprint != fingerprint => Claim::Refused(Refused::Reused),
            None => Claim::Refused(Refused::InProgress),
            Some(answer) => Claim::Answered(answer.clone()),
        }
    }
}

impl KeyLimits {
    /// 100,000 keys for a day: 1.2 orders a second.
    pub const DEFAULT: Self = Self {
        max: NonZeroUsize::new(100_000).expect("100,000 is not zero"),
        keep: Duration::from_secs(24 * 60 * 60),
    };
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl From<Refused> for Problem {
    fn from(reason: Refused) -> Self {
        match reason {
            Refused::InProgress => Self::new(StatusCode::CONFLICT, "idempotency_key_in_progress")
                .detail("the first request with this `Idempotency-Key` is still in progress")
                .retry_after(IN_PROGRESS_WAIT),
            Refused::Reused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
                    .detail("this `Idempotency-Key` was sent before with another body")
            }
            Refused::Full(wait) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "idempotency_keys_full")
                    .detail("too many values of `Idempotency-Key` are in use")
                    .retry_after(wait)
            }
        }
    }
}

#[cfg(test)]
mod tests;
