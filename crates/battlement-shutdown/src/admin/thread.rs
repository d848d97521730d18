use std::{io, sync::Arc, thread};

use tokio::{
    runtime::{self, Runtime},
    sync::oneshot,
    time::Instant,
};

use crate::{Conclude, run::Server, shared::Shared};

/// A server on a thread and a runtime of its own. Dropping the value aborts the server.
#[derive(Debug)]
pub(crate) struct AdminThread {
    /// Closed by the thread when it ends.
    running: oneshot::Receiver<()>,
    #[expect(dead_code, reason = "held for its drop")]
    abort: oneshot::Sender<()>,
}

impl AdminThread {
    pub(crate) fn start<F, S>(shared: &Arc<Shared>, server: F) -> io::Result<Self>
    where
        F: FnOnce() -> S + Send + 'static,
        S: IntoFuture<Output: Conclude>,
    {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (running, ended) = oneshot::channel();
        let (abort, aborted) = oneshot::channel();
        let shared = Arc::clone(shared);
        let thread = move || {
            // Closed by a panic as well.
            let _running = running;
            serve(runtime, &shared, server, aborted);
        };
        // The thread is not joined: a handler that blocks it must not hold up the exit.
        thread::Builder::new().name("admin".to_owned()).spawn(thread)?;
        Ok(Self { running: ended, abort })
    }

    /// Waits until the thread has ended.
    pub(crate) async fn ended(&mut self) {
        // The thread sends nothing, and closes the channel.
        let _ = (&mut self.running).await;
    }
}

fn serve<F, S>(runtime: Runtime, shared: &Shared, server: F, aborted: oneshot::Receiver<()>)
where
    F: FnOnce() -> S,
    S: IntoFuture<Output: Conclude>,
{
    runtime.block_on(async {
        // The closure runs in the future, which catches its panic too.
        let mut server = Server::new(async { server().await });
        tokio::select! {
            biased;
            () = server.ended() => shared.trigger(server.reason(), Instant::now()),
            _ = aborted => {}
        }
    });
    // Drops the connections, and does not wait for blocked threads.
    runtime.shutdown_background();
}
