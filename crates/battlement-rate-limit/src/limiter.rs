use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{Caller, Head, RequestHead, spread};
use http::Request;
use tokio::time::Instant;

use crate::{
    Decision, Headers, Key, KeyHash, Later, Memory, MissingKey, Observe, Outcome, Policies, Policy,
    Query, RateLimitInfo, Source, Store, StoreError,
    admission::{Admission, Hold},
    headers::Fields,
    key::Secret,
    observe,
    on_response::{Charged, OnResponse},
    rejected::Rejected,
    store::BoxFuture,
    swappable::{CurrentPolicies, Swappable},
};

/// The configuration and the state of a layer.
#[derive(Clone)]
pub(crate) struct Limiter<St = Memory> {
    pub(crate) enabled: bool,
    pub(crate) policies: Swappable,
    pub(crate) key: Key,
    pub(crate) secret: Secret,
    pub(crate) store: St,
    pub(crate) missing_key: MissingKey,
    pub(crate) headers: Headers,
    pub(crate) jitter: Duration,
    pub(crate) expose: bool,
    pub(crate) skip: Option<HeadFn<bool>>,
    pub(crate) cost: Option<HeadFn<u32>>,
    pub(crate) tiers: Option<HeadFn<Option<Policies>>>,
    pub(crate) refund: Option<RefundFn>,
    pub(crate) observe: Option<Arc<dyn Observe>>,
}

/// A closure that is called with the head of a request.
pub(crate) type HeadFn<T> = Arc<dyn Fn(&RequestHead<'_>) -> T + Send + Sync>;
/// A closure that decides on a refund by the head of a response.
pub(crate) type RefundFn = Arc<dyn Fn(&Head<'_>) -> bool + Send + Sync>;

struct Charge<St> {
    limiter: Arc<Limiter<St>>,
    policies: Policies,
    key: KeyHash,
    cost: u32,
    outcome: Outcome,
    fields: Fields,
}

/// A decision that waits for the store's answer.
#[allow(unnameable_types, reason = "only a hidden trait names it")]
pub struct Pending<St> {
    limiter: Arc<Limiter<St>>,
    policies: Policies,
    key: KeyHash,
    cost: u32,
    now: Instant,
}

impl<St> Limiter<St> {
    /// Returns the same limiter with another store.
    pub(crate) fn with_store<T: Store>(self, store: T) -> Limiter<T> {
        Limiter {
            secret: store.seed().map_or_else(Secret::random, Secret::new),
            store,
            enabled: self.enabled,
            policies: self.policies,
            key: self.key,
            missing_key: self.missing_key,
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

    fn current_policies(&self, head: &RequestHead<'_>) -> CurrentPolicies<'_> {
        let chosen = self.tiers.as_ref().and_then(|choose| choose(head));
        chosen.map_or_else(|| self.policies.read(), CurrentPolicies::Chosen)
    }

    fn without_key<W>(&self, head: &RequestHead<'_>) -> Result<KeyHash, Admission<W>> {
        if let Some(observe) = &self.observe {
            observe.on_missing_key();
        }
        match self.missing_key {
            MissingKey::Shared => Ok(self.secret.shared_key()),
            MissingKey::Skip => Err(Admission::Pass(OnResponse::NOTHING)),
            MissingKey::Deny => Err(Admission::reject(Rejected::without_key(head.caller()))),
        }
    }

    fn reject(
        &self,
        caller: Caller,
        policies: &Policies,
        outcome: &Outcome,
        fields: Fields,
    ) -> Rejected {
        let decided = policies.iter().zip(&outcome.states);
        let violated = decided.filter(|(policy, state)| state.is_denied() && !policy.is_shadow());
        let names = violated.map(|(policy, _)| policy.name());
        let wait = outcome.retry_after(policies).map(|wait| spread(wait, self.jitter));
        Rejected::new(caller, names, wait, fields)
    }
}

impl<St: Store> Limiter<St> {
    /// Decides about a request, by `ask` if it has to be counted.
    // A call would copy the decision twice, which costs as much as the look-up of the key's cell.
    #[inline(always)]
    pub(crate) fn decide<B, W>(
        self: &Arc<Self>,
        request: &mut Request<B>,
        ask: impl FnOnce(&Arc<Self>, &Query<'_>, &mut Request<B>) -> Admission<W>,
    ) -> Admission<W> {
        let head = RequestHead::of(request);
        if !self.enabled || self.skip.as_ref().is_some_and(|skip| skip(&head)) {
            return Admission::Pass(OnResponse::NOTHING);
        }
        let key = match self.key.read(&head, &self.secret) {
            Some(key) => key,
            None => match self.without_key(&head) {
                Ok(key) => key,
                Err(admission) => return admission,
            },
        };
        let current = self.current_policies(&head);
        let policies = current.get();
        let cost = self.cost.as_ref().map_or(1, |cost| cost(&head));
        let now = head.start().unwrap_or_else(Instant::now);
        let query = Query::new(key, policies, cost, now);
        ask(self, &query, request)
    }

    /// Decides by an answer if it is available.
    pub(crate) fn apply_later<B>(
        self: &Arc<Self>,
        query: &Query<'_>,
        answer: Later<Outcome>,
        request: &mut Request<B>,
    ) -> Admission<(BoxFuture<Outcome>, Pending<St>)> {
        match answer.available() {
            Ok(answer) => self.apply_answer(query, answer, request),
            Err(answer) => Admission::Hold(Hold::Wait((answer, self.pending(query)))),
        }
    }

    fn apply_answer<B, W>(
        self: &Arc<Self>,
        query: &Query<'_>,
        answer: Result<Outcome, StoreError>,
        request: &mut Request<B>,
    ) -> Admission<W> {
        match answer {
            Ok(outcome) => self.apply(query, &outcome, request),
            Err(error) => self.apply_failure(query, error, request),
        }
    }

    /// Decides by an outcome.
    // Inlined for the reason of `decide`.
    #[inline(always)]
    pub(crate) fn apply<B, W>(
        self: &Arc<Self>,
        query: &Query<'_>,
        outcome: &Outcome,
        request: &mut Request<B>,
    ) -> Admission<W> {
        if let Some(observe) = &self.observe {
            observe::notify(&**observe, query.policies, outcome);
        }
        let fields = Fields::of(self.headers, query.policies, outcome);
        if outcome.is_denied(query.policies) {
            let caller = Caller::of(request);
            let rejected = self.reject(caller, query.policies, outcome, fields);
            return Admission::reject(rejected);
        }
        if self.expose {
            let (policies, outcome) = (query.policies.clone(), outcome.clone());
            request.extensions_mut().insert(RateLimitInfo { policies, outcome, key: query.key });
        }
        if self.refund.is_some() {
            return Admission::Pass(OnResponse::Refund(self.charge(query, outcome, fields)));
        }
        Admission::Pass(OnResponse::Write(fields))
    }

    #[cold]
    fn apply_failure<B, W>(
        &self,
        query: &Query<'_>,
        _: StoreError,
        request: &Request<B>,
    ) -> Admission<W> {
        // Shadow policies reject no request.
        let is_shadow = query.policies.iter().all(Policy::is_shadow);
        if let Some(observe) = &self.observe {
            let decision = if is_shadow { Decision::Allow } else { Decision::Deny { wait: None } };
            observe::notify_failure(&**observe, query.policies, decision, Source::FAILURE);
        }
        if is_shadow {
            return Admission::Pass(OnResponse::NOTHING);
        }
        Admission::reject(Rejected::unavailable(Caller::of(request)))
    }

    fn charge(
        self: &Arc<Self>,
        query: &Query<'_>,
        outcome: &Outcome,
        fields: Fields,
    ) -> Box<dyn Charged> {
        let limiter = Arc::clone(self);
        let (policies, key, cost) = (query.policies.clone(), query.key, query.cost);
        Box::new(Charge { limiter, policies, key, cost, outcome: outcome.clone(), fields })
    }

    fn pending(self: &Arc<Self>, query: &Query<'_>) -> Pending<St> {
        let (policies, key, cost, now) = (query.policies.clone(), query.key, query.cost, query.now);
        Pending { limiter: Arc::clone(self), policies, key, cost, now }
    }
}

impl<St: Store> Pending<St> {
    /// Decides about the request after the store has answered.
    pub(crate) fn decide<B, W>(
        &self,
        answer: Result<Outcome, StoreError>,
        request: &mut Request<B>,
    ) -> Admission<W> {
        let query = Query::new(self.key, &self.policies, self.cost, self.now);
        self.limiter.apply_answer(&query, answer, request)
    }
}

impl<St: Store> Charged for Charge<St> {
    fn settle(self: Box<Self>, response: &Head<'_>) -> Fields {
        if self.limiter.refund.as_ref().is_some_and(|refund| refund(response)) {
            let query = Query::new(self.key, &self.policies, self.cost, Instant::now());
            // The future is dropped: a store completes refunds without it.
            drop(self.limiter.store.refund(&query, &self.outcome));
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
            .field("missing_key", &self.missing_key)
            .field("headers", &self.headers)
            .field("jitter", &self.jitter)
            .field("expose", &self.expose)
            .finish_non_exhaustive()
    }
}
