use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{Caller, Head};
use http::Request;
use tokio::time::Instant;

use crate::{
    Ask, Attempt, Decision, Headers, Inbound, Key, KeyHash, Memory, Missing, Moment, Observe,
    Outcome, Policies, Policy, RateLimitInfo, Store, StoreError,
    after::{After, Settle},
    answer::Denial,
    headers::Fields,
    jitter,
    key::Secret,
    live::{Held, Live},
    observe,
};

/// The configuration and the state of a layer.
#[derive(Clone)]
pub(crate) struct Limiter<St = Memory> {
    pub(crate) enabled: bool,
    pub(crate) policies: Live,
    pub(crate) key: Key,
    pub(crate) secret: Secret,
    pub(crate) store: St,
    pub(crate) missing: Missing,
    pub(crate) headers: Headers,
    pub(crate) jitter: Duration,
    pub(crate) expose: bool,
    pub(crate) skip: Option<Ask1<bool>>,
    pub(crate) cost: Option<Ask1<u32>>,
    pub(crate) tiers: Option<Ask1<Option<Policies>>>,
    pub(crate) refund: Option<RefundWhen>,
    pub(crate) observe: Option<Arc<dyn Observe>>,
}

/// A closure that is called with the head of a request.
pub(crate) type Ask1<T> = Arc<dyn Fn(&Inbound<'_>) -> T + Send + Sync>;
/// A closure that decides on a refund by the head of a response.
pub(crate) type RefundWhen = Arc<dyn Fn(&Head<'_>) -> bool + Send + Sync>;

/// The decision about a request: the work that remains for the response, or a rejection.
pub(crate) type Ruled = Result<After, Box<Denial>>;

struct Charge<St> {
    limiter: Arc<Limiter<St>>,
    policies: Policies,
    key: KeyHash,
    cost: u32,
    outcome: Outcome,
    fields: Fields,
}

/// A decision that waits for the store's answer.
pub(crate) struct Pending<St> {
    limiter: Arc<Limiter<St>>,
    policies: Policies,
    key: KeyHash,
    cost: u32,
    now: Moment,
}

/// A decision, or a pending one with the future of the store's answer.
pub(crate) type NowOrLater<St> = Result<Ruled, (Pending<St>, <St as Store>::Later<Outcome>)>;

impl<St> Limiter<St> {
    /// Returns the same limiter with another store.
    pub(crate) fn on<T: Store>(self, store: T) -> Limiter<T> {
        Limiter {
            secret: store.seed().map_or_else(Secret::random, Secret::new),
            store,
            enabled: self.enabled,
            policies: self.policies,
            key: self.key,
            missing: self.missing,
            headers: self.headers,
            jitter: self.jitter,
            expose: self.expose,
            skip: self.skip,
            cost: self.cost,
            tiers: self.tiers,
            refund: self.refund,
            observe: self.observe,
        }
    }

    fn held(&self, inbound: &Inbound<'_>) -> Held<'_> {
        let chosen = self.tiers.as_ref().and_then(|choose| choose(inbound));
        chosen.map_or_else(|| self.policies.read(), Held::Chosen)
    }

    fn without_key(&self, inbound: &Inbound<'_>) -> Result<KeyHash, Ruled> {
        if let Some(observe) = &self.observe {
            observe.on_missing_key();
        }
        match self.missing {
            Missing::Shared => Ok(self.secret.nobody()),
            Missing::Skip => Err(Ok(After::NOTHING)),
            Missing::Deny => Err(Err(Box::new(Denial::nobody(inbound.caller())))),
        }
    }

    fn denial(
        &self,
        caller: Caller,
        policies: &Policies,
        outcome: &Outcome,
        fields: Fields,
    ) -> Denial {
        let both = policies.iter().zip(&outcome.states);
        let violated = both.filter(|(policy, state)| state.is_denied() && !policy.is_shadow());
        let names = violated.map(|(policy, _)| policy.name());
        let wait = outcome.retry_after(policies).map(|wait| jitter::spread(wait, self.jitter));
        Denial::new(caller, names, wait, fields)
    }
}

impl<St: Store> Limiter<St> {
    /// Decides about a request and charges its cost.
    #[inline]
    pub(crate) fn rule<B>(self: &Arc<Self>, request: &mut Request<B>) -> NowOrLater<St> {
        let inbound = Inbound::of(request);
        if !self.enabled || self.skip.as_ref().is_some_and(|skip| skip(&inbound)) {
            return Ok(Ok(After::NOTHING));
        }
        let key = match self.key.read(&inbound, &self.secret) {
            Some(key) => key,
            None => match self.without_key(&inbound) {
                Ok(key) => key,
                Err(ruled) => return Ok(ruled),
            },
        };
        let held = self.held(&inbound);
        let policies = held.get();
        let cost = self.cost.as_ref().map_or(1, |cost| cost(&inbound));
        let now = inbound.start().unwrap_or_else(Instant::now);
        let ask = Ask::new(key, policies, cost, now);
        let answer = self.store.acquire(&ask);
        // Borrowed, since an outcome is large and this is the most common case.
        if let Attempt::Now(outcome) = &answer {
            return Ok(self.judge(&ask, outcome, request));
        }
        match answer {
            Attempt::Now(outcome) => Ok(self.judge(&ask, &outcome, request)),
            Attempt::Failed(error) => Ok(self.fail(&ask, error, request)),
            Attempt::Later(answer) => Err((self.pending(&ask), answer)),
        }
    }

    fn judge<B>(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        outcome: &Outcome,
        request: &mut Request<B>,
    ) -> Ruled {
        if let Some(observe) = &self.observe {
            observe::tell(&**observe, ask.policies, outcome);
        }
        let fields = Fields::of(self.headers, ask.policies, outcome);
        if outcome.is_denied(ask.policies) {
            let caller = Caller::of(request);
            return Err(Box::new(self.denial(caller, ask.policies, outcome, fields)));
        }
        if self.expose {
            let (policies, outcome) = (ask.policies.clone(), outcome.clone());
            request.extensions_mut().insert(RateLimitInfo { policies, outcome, key: ask.key });
        }
        if self.refund.is_some() {
            return Ok(After::Settle(self.charge(ask, outcome, fields)));
        }
        Ok(After::Write(fields))
    }

    #[cold]
    fn fail<B>(&self, ask: &Ask<'_>, _: StoreError, request: &Request<B>) -> Ruled {
        // Shadow policies reject no request.
        let tried = ask.policies.iter().all(Policy::is_shadow);
        if let Some(observe) = &self.observe {
            let decision = if tried { Decision::Allow } else { Decision::Deny };
            observe::tell_failure(&**observe, ask.policies, decision);
        }
        if tried {
            return Ok(After::NOTHING);
        }
        Err(Box::new(Denial::unavailable(Caller::of(request))))
    }

    fn charge(
        self: &Arc<Self>,
        ask: &Ask<'_>,
        outcome: &Outcome,
        fields: Fields,
    ) -> Box<dyn Settle> {
        let limiter = Arc::clone(self);
        let (policies, key, cost) = (ask.policies.clone(), ask.key, ask.cost);
        Box::new(Charge { limiter, policies, key, cost, outcome: outcome.clone(), fields })
    }

    fn pending(self: &Arc<Self>, ask: &Ask<'_>) -> Pending<St> {
        let (policies, key, cost, now) = (ask.policies.clone(), ask.key, ask.cost, ask.now);
        Pending { limiter: Arc::clone(self), policies, key, cost, now }
    }
}

impl<St: Store> Pending<St> {
    /// Decides about the request after the store has answered.
    pub(crate) fn rule<B>(
        &self,
        answer: Result<Outcome, StoreError>,
        request: &mut Request<B>,
    ) -> Ruled {
        let ask = Ask::new(self.key, &self.policies, self.cost, self.now);
        match answer {
            Ok(outcome) => self.limiter.judge(&ask, &outcome, request),
            Err(error) => self.limiter.fail(&ask, error, request),
        }
    }
}

impl<St: Store> Settle for Charge<St> {
    fn settle(self: Box<Self>, head: &Head<'_>) -> Fields {
        if self.limiter.refund.as_ref().is_some_and(|refund| refund(head)) {
            let ask = Ask::new(self.key, &self.policies, self.cost, Instant::now());
            // The future is dropped: a store completes refunds without it.
            drop(self.limiter.store.refund(&ask, &self.outcome));
        }
        self.fields
    }
}

impl<St> fmt::Debug for Charge<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl<St> fmt::Debug for Pending<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl<St: fmt::Debug> fmt::Debug for Limiter<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("enabled", &self.enabled)
            .field("policies", self.policies.read().get())
            .field("key", &self.key)
            .field("store", &self.store)
            .field("missing", &self.missing)
            .field("headers", &self.headers)
            .field("jitter", &self.jitter)
            .field("expose", &self.expose)
            .finish_non_exhaustive()
    }
}
