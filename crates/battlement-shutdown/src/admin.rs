mod thread;

use std::{io, sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant, time::timeout};

use self::thread::AdminThread;
use crate::{Conclude, run::Server, shared::Shared};

/// The longest time for which requests to admin servers may delay the exit.
const CLOSE: Duration = Duration::from_millis(100);

/// The servers that close last, after the hooks.
#[derive(Debug, Default)]
pub(crate) struct Admin {
    tasks: JoinSet<()>,
    threads: Vec<AdminThread>,
}

impl Admin {
    pub(crate) fn spawn<S>(&mut self, shared: &Arc<Shared>, server: S)
    where
        S: Future<Output: Conclude> + Send + 'static,
    {
        let shared = Arc::clone(shared);
        self.tasks.spawn(async move {
            let mut server = Server::new(server);
            server.ended().await;
            // A process without its probes would be restarted soon.
            shared.trigger(server.reason(), Instant::now());
        });
    }

    /// Spawns the server that `server` makes on a thread of its own.
    pub(crate) fn spawn_thread<F, S>(&mut self, shared: &Arc<Shared>, server: F) -> io::Result<()>
    where
        F: FnOnce() -> S + Send + 'static,
        S: IntoFuture<Output: Conclude>,
    {
        self.threads.push(AdminThread::start(shared, server)?);
        Ok(())
    }

    /// Waits for the servers that end in the last phase, and aborts the others.
    pub(crate) async fn close(mut self) {
        let ended = async {
            while self.tasks.join_next().await.is_some() {}
            for thread in &mut self.threads {
                thread.ended().await;
            }
        };
        let _ = timeout(CLOSE, ended).await;
    }
}
