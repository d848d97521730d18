use std::{fmt, sync::Arc, time::Duration};

use arc_swap::{ArcSwap, Guard};
use battlement_core::{Head, RequestFacts, Wire};
use http::Request;
use tokio::time::Instant;

use crate::{
    Ask, Headers, Inbound, Key, KeyHash, Memory, Missing, Observe, Outcome, Policies,
    RateLimitInfo, answer::Denial, headers::Fields, jitter, key::Secret, observe,
};

/// What a layer was told, and its state.
#[derive(Clone)]
pub(crate) struct Limiter {
    pub(crate) enabled: bool,
    pub(crate) policies: Arc<ArcSwap<Policies>>,
    pub(crate) key: Key,
    pub(crate) secret: Secret,
    pub(crate) memory: Memory,
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

/// A closure that is asked about a request.
pub(crate) type Ask1<T> = Arc<dyn Fn(&Inbound<'_>) -> T + Send + Sync>;
/// A closure that is asked about a response.
pub(crate) type RefundWhen = Arc<dyn Fn(&Head<'_>) -> bool + Send + Sync>;

/// What becomes of a request.
pub(crate) enum Ruled {
    /// It is none of the layer's business.
    Pass,
    Admit(Admitted),
    Deny(Box<Denial>),
}

/// What is kept of a request that may pass.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    pub(crate) fields: Fields,
    pub(crate) charge: Option<Box<Charge>>,
}

/// What was taken, if it may have to be given back.
pub(crate) struct Charge {
    limiter: Arc<Limiter>,
    policies: Policies,
    key: KeyHash,
    cost: u32,
    outcome: Outcome,
}

/// The policies that hold for a request.
enum Held {
    Chosen(Policies),
    Current(Guard<Arc<Policies>>),
}

impl Held {
    fn get(&self) -> &Policies {
        match self {
            Self::Chosen(policies) => policies,
            Self::Current(policies) => policies,
        }
    }
}

impl Limiter {
    /// Decides about a request, and takes what it costs.
    pub(crate) fn rule<B>(self: &Arc<Self>, request: &mut Request<B>) -> Ruled {
        let inbound = Inbound::of(request);
        if !self.enabled || self.skip.as_ref().is_some_and(|skip| skip(&inbound)) {
            return Ruled::Pass;
        }
        let key = match self.key.read(&inbound, &self.secret) {
            Some(key) => key,
            None => match self.without_key(&inbound) {
                Ok(key) => key,
                Err(ruled) => return ruled,
            },
        };
        let held = self.held(&inbound);
        let policies = held.get();
        let cost = self.cost.as_ref().map_or(1, |cost| cost(&inbound));
        let now = inbound.facts().map_or_else(Instant::now, RequestFacts::start);
        let ask = Ask::new(key, policies, cost, now);
        let outcome = self.memory.take(&ask);
        if let Some(observe) = &self.observe {
            observe::tell(&**observe, policies, &outcome);
        }
        let fields = Fields::of(self.headers, policies, &outcome);
        if outcome.is_denied(policies) {
            return Ruled::Deny(Box::new(self.denial(&inbound, policies, &outcome, fields)));
        }
        let charge = self.charge(&ask, &outcome);
        if self.expose {
            let policies = policies.clone();
            request.extensions_mut().insert(RateLimitInfo { policies, outcome, key });
        }
        Ruled::Admit(Admitted { fields, charge })
    }

    fn held(&self, inbound: &Inbound<'_>) -> Held {
        let chosen = self.tiers.as_ref().and_then(|choose| choose(inbound));
        chosen.map_or_else(|| Held::Current(self.policies.load()), Held::Chosen)
    }

    fn without_key(&self, inbound: &Inbound<'_>) -> Result<KeyHash, Ruled> {
        if let Some(observe) = &self.observe {
            observe.on_missing_key();
        }
        match self.missing {
            Missing::Shared => Ok(self.secret.nobody()),
            Missing::Skip => Err(Ruled::Pass),
            Missing::Deny => {
                let wire = Wire::of(inbound.headers);
                let denial = Denial::new(wire, std::iter::empty(), None, Fields::default());
                Err(Ruled::Deny(Box::new(denial)))
            }
        }
    }

    fn denial(
        &self,
        inbound: &Inbound<'_>,
        policies: &Policies,
        outcome: &Outcome,
        fields: Fields,
    ) -> Denial {
        let both = policies.iter().zip(&outcome.states);
        let violated = both.filter(|(policy, state)| state.is_denied() && !policy.is_shadow());
        let names = violated.map(|(policy, _)| policy.name());
        let wait = outcome.retry_after(policies).map(|wait| jitter::spread(wait, self.jitter));
        Denial::new(Wire::of(inbound.headers), names, wait, fields)
    }

    fn charge(self: &Arc<Self>, ask: &Ask<'_>, outcome: &Outcome) -> Option<Box<Charge>> {
        let charge = || Charge {
            limiter: Arc::clone(self),
            policies: ask.policies.clone(),
            key: ask.key,
            cost: ask.cost,
            outcome: outcome.clone(),
        };
        self.refund.is_some().then(|| Box::new(charge()))
    }
}

impl Charge {
    /// Gives it back, if the response is one that costs nothing.
    pub(crate) fn settle(self, head: &Head<'_>) {
        if self.limiter.refund.as_ref().is_some_and(|refund| refund(head)) {
            let ask = Ask::new(self.key, &self.policies, self.cost, Instant::now());
            self.limiter.memory.give_back(&ask, &self.outcome);
        }
    }
}

impl fmt::Debug for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("enabled", &self.enabled)
            .field("policies", &**self.policies.load())
            .field("key", &self.key)
            .field("memory", &self.memory)
            .field("missing", &self.missing)
            .field("headers", &self.headers)
            .field("jitter", &self.jitter)
            .field("expose", &self.expose)
            .finish_non_exhaustive()
    }
}
