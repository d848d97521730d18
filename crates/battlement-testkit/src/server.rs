//! Real servers on loopback ports.

#[cfg(feature = "axum")]
mod axum;
mod hyper;
#[cfg(feature = "tonic")]
mod tonic;

use std::{io, net::SocketAddr};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub use self::hyper::Protocol;
use crate::listener;

/// A server on a free loopback port, on the runtime of the test.
///
/// Dropping this value stops the server. A hyper server closes its connections immediately; axum and tonic finish the
/// calls in flight.
///
/// # Example
///
/// ```
/// use battlement_testkit::{client, server::Server};
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use bytes::Bytes;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower::BoxError> {
/// let service = tower::service_fn(|_| async { Ok::<_, std::io::Error>(Response::new(Empty::<Bytes>::new())) });
/// let server = Server::http1(service).await?;
///
/// let mut client = client::Http1::connect(server.addr()).await?;
/// assert_eq!(client.get("/").await?.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Returns the address that the server listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the URL of `path`, which must start with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Stops the server, and waits until its port is closed and no call is in flight.
    pub async fn stop(self) {
        drop(self.shutdown);
        // An error means that the task has panicked or was aborted; the server does not run in either case.
        let _ = self.task.await;
    }

    async fn spawn<F>(serve: impl FnOnce(TcpListener, Stopped) -> F) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = listener::bind()?;
        let addr = listener.local_addr()?;
        let (shutdown, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, stopped));
        Ok(Self { addr, shutdown, task })
    }
}

/// Resolves, with an error, as soon as the [`Server`] is dropped.
type Stopped = oneshot::Receiver<()>;
