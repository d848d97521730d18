//! A TCP load balancer that sends connections to the instances of a service that are ready.

mod forward;
mod instances;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use self::{forward::forward, instances::Instances};
use crate::listener;

/// The pause after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(5);

/// A TCP load balancer on a free loopback port, on the runtime of the test.
///
/// The balancer requests a path from each instance every 20 milliseconds, or at another
/// [interval](Self::poll_interval), on a separate connection. An instance is ready if it answered the last request with
/// success within a second. Each connection of a client goes to the next ready instance, and stays there even after
/// that instance is no longer ready. If no instance is ready, the connection is closed.
///
/// Each direction of a connection is forwarded independently: a client that has closed its sending side still gets its
/// answer, and an answer that an instance sends before it breaks the connection still arrives. A reset by an instance
/// reaches the client as the end of the connection, after all data.
///
/// Dropping this value closes its port and its connections.
///
/// # Example
///
/// ```
/// use battlement_testkit::{balancer::Balancer, client::Http1, eventually, upstream::Upstream};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower::BoxError> {
/// let instances = [Upstream::start().await?, Upstream::start().await?];
/// let balancer = Balancer::start("/readyz", instances.iter().map(Upstream::addr)).await?;
/// let all_ready = || instances.iter().all(|instance| balancer.is_ready(instance.addr()));
/// assert!(eventually(Duration::from_secs(10), all_ready).await);
///
/// let mut client = Http1::connect(balancer.addr()).await?;
/// assert_eq!(client.get("/").await?.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Balancer {
    addr: SocketAddr,
    instances: Arc<Instances>,
    task: JoinHandle<()>,
}

impl Balancer {
    /// Starts a balancer in front of `instances`, whose readiness is requested at `path`.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn start(
        path: &str,
        instances: impl IntoIterator<Item = SocketAddr>,
    ) -> io::Result<Self> {
        let listener = listener::bind()?;
        let addr = listener.local_addr()?;
        let all = Arc::new(Instances::new(path));
        instances.into_iter().for_each(|instance| all.add(instance, instance));
        let task = tokio::spawn(accept(listener, Arc::clone(&all)));
        Ok(Self { addr, instances: all, task })
    }

    /// Sets the pause between two polls of an instance, for all instances. Default: 20 milliseconds.
    ///
    /// A service that shuts down must stay reachable for longer than its balancer takes to notice, so a long interval
    /// shows whether it does. Pauses that have begun are restarted.
    #[must_use]
    pub fn poll_interval(self, interval: Duration) -> Self {
        self.instances.poll_interval(interval);
        self
    }

    /// Returns the address that the balancer listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Adds an instance, which gets connections when it is ready.
    pub fn add(&self, instance: SocketAddr) {
        self.instances.add(instance, instance);
    }

    /// Adds an instance whose readiness is requested at the address `admin`, such as that of its listener for operators.
    pub fn add_with_admin(&self, instance: SocketAddr, admin: SocketAddr) {
        self.instances.add(instance, admin);
    }

    /// Removes an instance, which gets no further connections.
    pub fn remove(&self, instance: SocketAddr) {
        self.instances.remove(instance);
    }

    /// Returns whether an instance is ready.
    #[must_use]
    pub fn is_ready(&self, instance: SocketAddr) -> bool {
        self.instances.is_ready(instance)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts connections; dropping this future closes all of them.
async fn accept(listener: TcpListener, instances: Arc<Instances>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(serve(client, Arc::clone(&instances)));
                }
                // The process may have too many open files; the connection waits in the queue.
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Forwards a connection to the first instance that accepts it.
async fn serve(client: TcpStream, instances: Arc<Instances>) {
    for instance in instances.next_ready() {
        if let Ok(server) = TcpStream::connect(instance).await {
            forward(client, server).await;
            return;
        }
    }
}
