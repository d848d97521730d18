//! Real servers on loopback ports.

#[cfg(feature = "axum")]
mod axum;
mod hyper;
#[cfg(feature = "tonic")]
mod tonic;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub use self::hyper::Protocol;

/// A server on a free loopback port, on the runtime of the test.
///
/// It stops when this value is dropped. Hyper's connections are cut off then, whatever they are at; axum
/// and tonic finish the calls that they have.
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
    running: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of `path`, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Stops, and waits until the port is closed and no call is at work.
    pub async fn stop(self) {
        drop(self.running);
        // An error says that the server's task has panicked or was aborted: it does not run either way.
        let _ = self.task.await;
    }

    async fn spawn<F>(serve: impl FnOnce(TcpListener, Stopped) -> F) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (running, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, stopped));
        Ok(Self { addr, running, task })
    }
}

/// Resolves, with an error, as soon as the [`Server`] is dropped.
type Stopped = oneshot::Receiver<()>;
