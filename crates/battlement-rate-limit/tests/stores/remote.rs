mod link;
mod network;
mod probes;
mod question;
mod server;

use std::{sync::Arc, time::Duration};

use battlement_rate_limit::{
    Later, Outcome, Query, Receipt, Source, Store, StoreError,
    remote::{Breaker, DenyCache, Fallback, OnFailure, State, supervise},
};
use tokio::time::Instant;

use self::{
    link::Link,
    probes::Probes,
    question::{Operation, Question},
    server::{Decided, Server},
};
pub(crate) use self::{network::Network, server::Lie};

/// A store in another task, behind a network that delays and loses messages. All of it that does not depend on the
/// protocol is from the module `remote`.
#[derive(Clone, Debug)]
pub(crate) struct Remote(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    link: Link,
    breaker: Breaker,
    denials: DenyCache,
    fallback: Fallback,
}

/// The only group of keys, since there is one server.
const GROUP: usize = 0;
/// The longest time for which a denial is cached.
const MAX_AGE: Duration = Duration::from_secs(1);

impl Remote {
    pub(crate) const SOURCE: Source = Source::new("remote");

    /// Starts the server, and a store without a cache of denials.
    pub(crate) fn start(network: Network, on_failure: OnFailure) -> Self {
        Self::with_denials(network, on_failure, 0)
    }

    /// Starts the server, and a store that caches as many denials.
    pub(crate) fn with_denials(network: Network, on_failure: OnFailure, denials: usize) -> Self {
        let (link, breaker) = (Link::new(network, Server::start()), Breaker::new(1));
        let (probes, supervised) = (Probes(link.clone()), breaker.clone());
        tokio::spawn(async move { supervise(&supervised, probes).await });
        let (denials, fallback) = (DenyCache::new(denials, MAX_AGE), Fallback::new(on_failure));
        Self(Arc::new(Inner { link, breaker, denials, fallback }))
    }

    /// Returns the server.
    pub(crate) fn server(&self) -> &Server {
        &self.0.link.server
    }

    /// Returns the availability of the server, as probes show.
    pub(crate) fn state(&self) -> State {
        self.0.breaker.state()
    }

    /// Sets the clock of the server.
    pub(crate) fn set_clock(&self, now: Duration) {
        self.server().set_clock(now);
    }

    /// Asks the server until the deadline, and reports a question that was not answered.
    async fn ask(&self, question: &Question, operation: Operation) -> Result<Decided, StoreError> {
        let asked = self.0.link.ask(question, operation).await;
        let decided = asked.unwrap_or(Err(StoreError::Timeout));
        if decided.is_err() && self.0.breaker.is_up() {
            self.0.breaker.suspect(GROUP);
        }
        decided
    }

    async fn acquire_remotely(self, question: Question) -> Result<Outcome, StoreError> {
        let asked = Instant::now();
        match self.ask(&question, Operation::Acquire).await {
            Ok(decided) => {
                let (query, outcome) = (question.as_query(), outcome(decided, &question));
                if query.cost > 0 && outcome.is_denied(query.policies) {
                    let when = [asked, Instant::now()];
                    self.0.denials.put(question.digest(), &query, &outcome.states, when);
                }
                Ok(outcome)
            }
            Err(error) => self.0.fallback.acquire(&question.as_query(), error),
        }
    }

    async fn refund_remotely(self, question: Question, charged: Decided) -> Result<(), StoreError> {
        let refunded = self.ask(&question, Operation::Refund(charged)).await;
        // A request may have been denied meanwhile.
        self.0.denials.remove(question.digest());
        refunded.map(drop)
    }
}

fn outcome(decided: Decided, question: &Question) -> Outcome {
    let Decided { states, at } = decided;
    let states = states.into_iter().collect();
    Outcome::new(states, Remote::SOURCE, question.now).with_receipt(Receipt::new(at))
}

impl Store for Remote {
    type Answer<T: Send + 'static> = Later<T>;

    fn acquire(&self, query: &Query<'_>) -> Later<Outcome> {
        let question = Question::new(query);
        if let Some((states, now)) =
            self.0.denials.find(question.digest(), query.cost, Instant::now)
        {
            return Later::now(Ok(Outcome::new(states, Source::DENY_CACHE, now)));
        }
        if !self.0.breaker.may_ask(GROUP) {
            return Later::now(self.0.fallback.acquire(query, StoreError::Unavailable));
        }
        Later::new(self.clone().acquire_remotely(question))
    }

    fn peek(&self, query: &Query<'_>) -> Later<Outcome> {
        let (store, question) = (self.clone(), Question::new(query));
        Later::new(async move {
            let decided = store.ask(&question, Operation::Peek).await?;
            Ok(outcome(decided, &question))
        })
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        let question = Question::new(query);
        self.0.denials.remove(question.digest());
        if charged.source != Self::SOURCE {
            self.0.fallback.refund(query, charged);
            return Later::now(Ok(()));
        }
        let charged = Decided { states: charged.states.to_vec(), at: charged.receipt.value() };
        // A task of its own, so that the refund is made even if the answer is dropped.
        let refund = tokio::spawn(self.clone().refund_remotely(question, charged));
        Later::new(async move { refund.await.map_err(|_| StoreError::Failed)? })
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        let (store, question) = (self.clone(), Question::new(query));
        self.0.denials.remove(question.digest());
        self.0.fallback.reset(query);
        Later::new(async move {
            let reset = store.ask(&question, Operation::Reset).await;
            store.0.denials.remove(question.digest());
            reset.map(drop)
        })
    }

    fn sources(&self) -> &'static [Source] {
        &[Self::SOURCE, Source::DENY_CACHE, Source::FALLBACK, Source::FAILURE]
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.breaker.close();
    }
}
