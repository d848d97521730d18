//! A server that answers or fails as each request specifies, and counts the requests that it has received and
//! processed.

mod admission;
mod behavior;
mod counts;
mod http1;
mod http2;
mod plan;
mod port;
mod record;
mod socket;

use std::{io, net::SocketAddr, sync::Arc};

pub use self::{
    behavior::{Behavior, Break, UnknownBehavior},
    counts::Counts,
};
use self::{port::Port, record::Record};
use crate::listener;

/// The response body for a request without a body; the bodies of other requests are echoed.
pub const BODY: &str = "the upstream's answer\n";
/// The response header that contains the number of requests so far with the same `idempotency-key`, including this one.
pub const ATTEMPT: &str = "x-attempt";

/// A server on a free loopback port, on the runtime of the test, for HTTP/1, HTTP/2 with prior knowledge, and gRPC.
///
/// The header [`Behavior::HEADER`] of a request selects the behavior of the server; without it, the server answers. A
/// response echoes the body of the request. Any gRPC method echoes its message, such as `EchoClient::say`; with
/// [`Behavior::Stream`], it streams the message several times, such as `EchoClient::repeat`.
///
/// A response begins after the whole request was read. A gRPC client stream therefore gets its messages echoed at its
/// end, and a bidirectional stream gets no message before the client has ended its side.
///
/// Dropping this value closes the port and all connections.
///
/// # Example
///
/// ```
/// use battlement_testkit::{client::Http1, upstream::{BODY, Behavior, Upstream}};
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Empty;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower::BoxError> {
/// let upstream = Upstream::start().await?;
/// let mut client = Http1::connect(upstream.addr()).await?;
/// assert_eq!(client.get("/").await?.text(), BODY);
///
/// let request = Request::get("/")
///     .header("idempotency-key", "order-1")
///     .header(Behavior::HEADER, Behavior::ResetHead)
///     .body(Empty::<Bytes>::new())?;
/// client.send(request).await.unwrap_err();
/// // The answer is lost, but the work is done.
/// assert_eq!(upstream.counts_of("order-1").processed, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Upstream {
    port: Port,
    record: Arc<Record>,
}

impl Upstream {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn start() -> io::Result<Self> {
        let listener = listener::bind()?;
        let record = Arc::<Record>::default();
        Ok(Self { port: Port::open(listener, &record)?, record })
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// Returns the URL of `path`, which must start with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr())
    }

    /// Closes all connections, and refuses new ones until [`accept`](Self::accept) is called.
    ///
    /// This is not a [`Behavior`], since a client whose connection is refused sends no request.
    ///
    /// # Errors
    ///
    /// Returns an error if the port cannot be reserved.
    pub async fn refuse(&mut self) -> io::Result<()> {
        self.port.close().await
    }

    /// Accepts connections again, on the same port.
    ///
    /// # Errors
    ///
    /// Returns an error if the port cannot be bound again.
    pub fn accept(&mut self) -> io::Result<()> {
        self.port.reopen(&self.record)
    }

    /// Returns the counts of all requests.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.record.counts()
    }

    /// Returns the counts of the requests with this `idempotency-key`.
    #[must_use]
    pub fn counts_of(&self, key: &str) -> Counts {
        self.record.counts_of(key)
    }

    /// Returns the number of accepted connections.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.record.connections()
    }
}
