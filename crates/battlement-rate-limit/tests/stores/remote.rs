mod network;
mod server;

use std::time::Duration;

use battlement_rate_limit::{Later, Outcome, Query, Receipt, Source, Store, StoreError};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

pub(crate) use self::network::Network;
use self::server::{Decided, Operation, Request, Server};

/// A store in another task, behind a network that delays and loses messages.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    network: Network,
    server: Server,
}

impl Remote {
    const SOURCE: Source = Source::new("remote");

    /// Starts the server.
    pub(crate) fn start(network: Network) -> Self {
        Self { network, server: Server::start() }
    }

    /// Sets the clock of the server.
    pub(crate) fn set_clock(&self, now: Duration) {
        self.server.set_clock(now);
    }

    /// Sends a request, and waits for its answer until the deadline. The server does not process the request later.
    fn send(
        &self,
        query: &Query<'_>,
        operation: Operation,
    ) -> impl Future<Output = Result<Decided, StoreError>> + Send + use<> {
        let Self { network, server } = self.clone();
        let (key, policies, cost) = (query.key, query.policies.clone(), query.cost);
        async move {
            let deadline = Instant::now() + network.deadline();
            let (answer, answered) = oneshot::channel();
            let request = Request { key, policies, cost, operation, deadline };
            let back = network.clone();
            let reply = move |decided| back.carry(move || drop(answer.send(decided)));
            network.carry(move || server.process(request, reply));
            let answered = timeout_at(deadline, answered).await.map_err(|_| StoreError::Timeout)?;
            answered.map_err(|_| StoreError::Failed)
        }
    }

    fn outcome(&self, query: &Query<'_>, operation: Operation) -> Later<Outcome> {
        let (asked, sent) = (query.now, self.send(query, operation));
        Later::new(async move {
            let Decided { states, at } = sent.await?;
            let states = states.into_iter().collect();
            Ok(Outcome::new(states, Self::SOURCE, asked).with_receipt(Receipt::new(at)))
        })
    }
}

impl Store for Remote {
    type Answer<T: Send + 'static> = Later<T>;

    fn acquire(&self, query: &Query<'_>) -> Later<Outcome> {
        self.outcome(query, Operation::Acquire)
    }

    fn peek(&self, query: &Query<'_>) -> Later<Outcome> {
        self.outcome(query, Operation::Peek)
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Later<()> {
        let charged = Decided { states: charged.states.to_vec(), at: charged.receipt.value() };
        // A task of its own, so that the refund is made even if the answer is dropped.
        let refund = tokio::spawn(self.send(query, Operation::Refund(charged)));
        Later::new(async move { refund.await.map_err(|_| StoreError::Failed)?.map(drop) })
    }

    fn reset(&self, query: &Query<'_>) -> Later<()> {
        let reset = self.send(query, Operation::Reset);
        Later::new(async move { reset.await.map(drop) })
    }

    fn sources(&self) -> &'static [Source] {
        &[Self::SOURCE]
    }
}
