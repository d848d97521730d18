use battlement_rate_limit::{
    StoreError,
    remote::{Late, until},
};
use tokio::{sync::oneshot, time::Instant};

use super::{
    network::Network,
    question::{Operation, Question},
    server::{Decided, Request, Server},
};

/// The way to the server.
#[derive(Clone, Debug)]
pub(super) struct Link {
    network: Network,
    pub(super) server: Server,
}

impl Link {
    pub(super) fn new(network: Network, server: Server) -> Self {
        Self { network, server }
    }

    /// Sends a question, and waits for its answer until the deadline. The server does not process the question later.
    pub(super) async fn ask(
        &self,
        question: &Question,
        operation: Operation,
    ) -> Result<Result<Decided, StoreError>, Late> {
        let most = self.network.deadline();
        let deadline = Instant::now() + most;
        let (answer, answered) = oneshot::channel();
        let request = Request { question: question.clone(), operation, deadline };
        let (server, back) = (self.server.clone(), self.network.clone());
        let reply = move |decided| back.carry(move || drop(answer.send(decided)));
        self.network.carry(move || server.process(request, reply));
        let answered = until(deadline, most, |_| {}, answered).await?;
        Ok(answered.ok().flatten().ok_or(StoreError::Failed))
    }
}
