//! The breakers of a layer: one, or one for each key.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    CircuitOpen, State,
    breaker::Breaker,
    call::Call,
    config::Config,
    desk::{Desk, KeyDesk},
    keys::{Inserted, Keys},
    observe::Observer,
    shared::Shared,
};

/// The state of a layer.
pub(crate) struct Circuits {
    shared: Arc<Shared>,
    desk: Arc<Desk>,
    /// The breaker of all calls or, in a layer with keys, of those without a key of their own.
    one: Arc<Breaker>,
    keys: Option<Keys>,
}

impl Circuits {
    pub(crate) fn new(config: Config, name: &str, observer: Observer, keys: Option<bool>) -> Self {
        let shared = Shared::new(config);
        let desk = Arc::new(Desk::new(name, observer, keys == Some(true)));
        let one = Breaker::new(Arc::clone(&shared), KeyDesk::boxed(&desk, None));
        let keys = keys.map(|_| Keys::new());
        Self { shared, desk, one, keys }
    }

    pub(crate) fn name(&self) -> &str {
        self.desk.name()
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) const fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    pub(crate) const fn one(&self) -> &Arc<Breaker> {
        &self.one
    }

    pub(crate) const fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    #[inline]
    pub(crate) const fn is_keyed(&self) -> bool {
        self.keys.is_some()
    }

    /// Shows the state that all calls share to the observer.
    pub(crate) fn announce(&self) {
        self.desk.added();
    }

    /// Returns whether every call that is made now is rejected.
    #[inline]
    pub(crate) fn rejects_all(&self) -> bool {
        self.keys.is_none() && !self.one.passes() && self.one.rejects(Instant::now())
    }

    /// Admits a call at `tick` that a closed breaker does not [pass](Breaker::pass).
    #[cold]
    pub(crate) fn admit(&self, breaker: Arc<Breaker>, tick: u64) -> Result<Call, CircuitOpen> {
        match breaker.admit_at(tick) {
            Ok(ticket) => Ok(Call::new(ticket)),
            Err(rest) => Err(self.rejected(rest)),
        }
    }

    /// Rejects a call of a layer without keys.
    #[cold]
    pub(crate) fn reject(&self, now: Instant) -> CircuitOpen {
        self.rejected(self.one.reject(now))
    }

    #[cold]
    pub(crate) fn rejected(&self, rest: Duration) -> CircuitOpen {
        self.desk.rejected();
        CircuitOpen::new(rest)
    }

    /// Returns the breaker of `key`, which is created if there is none.
    pub(crate) fn breaker(&self, key: Option<&str>, now: Instant) -> Arc<Breaker> {
        self.breaker_at(key, self.shared.tick(now), now)
    }

    /// Returns the breaker of `key` at `now`, which is `tick`.
    #[inline]
    pub(crate) fn breaker_at(&self, key: Option<&str>, tick: u64, now: Instant) -> Arc<Breaker> {
        let (Some(keys), Some(key)) = (&self.keys, key) else { return Arc::clone(&self.one) };
        match keys.find(key, tick) {
            Some(breaker) => breaker,
            None => self.insert(keys, key, tick, now),
        }
    }

    /// Creates the breaker of a new key.
    #[cold]
    fn insert(&self, keys: &Keys, key: &str, tick: u64, now: Instant) -> Arc<Breaker> {
        let most = self.shared.config().max_keys;
        let make = || {
            let desk = KeyDesk::boxed(&self.desk, Some(key));
            Breaker::new(Arc::clone(&self.shared), desk)
        };
        match keys.insert(key, tick, most, &self.desk, make) {
            Inserted::New(breaker) => {
                self.desk.added();
                self.follow_force(&breaker, now);
                breaker
            }
            Inserted::Found(breaker) => breaker,
            Inserted::Full => {
                self.desk.overflowed();
                Arc::clone(&self.one)
            }
        }
    }

    /// Forces a new breaker as the others are, after it was inserted: an operator who forces all breakers now begins
    /// with the one that is read here.
    fn follow_force(&self, breaker: &Breaker, now: Instant) {
        match self.one.state() {
            State::ForcedOpen => breaker.force(true, now),
            State::ForcedClosed => breaker.force(false, now),
            _ => {}
        }
    }

    /// Replaces the settings of all breakers. The same settings change nothing.
    pub(crate) fn replace(&self, config: Config) {
        if config == self.shared.config() {
            return;
        }
        self.shared.replace(config);
        let keys = self.keys.iter().flat_map(Keys::all);
        let breakers = keys.map(|(_, breaker)| breaker).chain([Arc::clone(&self.one)]);
        breakers.for_each(|breaker| breaker.renew(Instant::now()));
    }
}

impl fmt::Debug for Circuits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuits")
            .field("name", &self.name())
            .field("state", &self.one.state())
            .field("keys", &self.keys.as_ref().map(Keys::len))
            .finish_non_exhaustive()
    }
}
