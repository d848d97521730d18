use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant, time::timeout};

use crate::{Conclude, run::Server, shared::Shared};

/// The longest time for which requests to admin servers may delay the exit.
const CLOSE: Duration = Duration::from_millis(100);

/// The servers that close last, after the hooks.
#[derive(Debug, Default)]
pub(crate) struct Admin(JoinSet<()>);

impl Admin {
    pub(crate) fn spawn<S>(&mut self, shared: &Arc<Shared>, server: S)
    where
        S: Future<Output: Conclude> + Send + 'static,
    {
        let shared = Arc::clone(shared);
        self.0.spawn(async move {
            let mut server = Server::new(server);
            server.ended().await;
            // A process without its probes would be restarted soon.
            shared.trigger(server.reason(), Instant::now());
        });
    }

    /// Waits for the servers that end in the last phase, and aborts the others.
    pub(crate) async fn close(mut self) {
        let ended = async { while self.0.join_next().await.is_some() {} };
        let _ = timeout(CLOSE, ended).await;
    }
}
