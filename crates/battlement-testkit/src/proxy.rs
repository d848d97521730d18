//! A TCP proxy between a client and its server that simulates network faults.

mod pipe;

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use self::pipe::pipe;
use crate::listener;

/// A TCP proxy on a free loopback port, on the runtime of the test.
///
/// The proxy forwards all data in both directions until a fault is injected. Dropping it closes its connections.
///
/// # Example
///
/// ```
/// use battlement_testkit::{proxy::Proxy, redis::Redis};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = Redis::start().await?;
/// let proxy = Proxy::start(([127, 0, 0, 1], redis.port())).await?;
/// println!("listening on {}", proxy.addr());
///
/// proxy.freeze(); // no data arrives, as with an unplugged cable
/// proxy.restore(); // data sent in the meantime arrives
/// proxy.disconnect(); // open connections end; new ones work
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    link: watch::Sender<Link>,
    cuts: watch::Sender<u64>,
    task: JoinHandle<()>,
}

/// The flow of bytes in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Link {
    to_server: Flow,
    to_client: Flow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Bytes arrive after this delay.
    Delayed(Duration),
    /// Bytes are held back until the flow changes.
    Frozen,
}

impl Default for Flow {
    fn default() -> Self {
        Self::Delayed(Duration::ZERO)
    }
}

impl Proxy {
    /// Starts a proxy in front of `server`, which does not have to be listening yet.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn start(server: impl Into<SocketAddr>) -> io::Result<Self> {
        let listener = listener::bind()?;
        let addr = listener.local_addr()?;
        let (link, cuts) = (watch::Sender::default(), watch::Sender::default());
        let connection =
            Connection { server: server.into(), link: link.subscribe(), cuts: cuts.subscribe() };
        let task = tokio::spawn(accept(listener, connection));
        Ok(Self { addr, link, cuts, task })
    }

    /// Returns the address that the proxy listens on.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Delays all data by `time`, in each direction.
    pub fn delay(&self, time: Duration) {
        let flow = Flow::Delayed(time);
        self.link.send_replace(Link { to_server: flow, to_client: flow });
    }

    /// Holds back all data in both directions, as a network that drops all packets. Connections stay open, and new
    /// ones are accepted.
    pub fn freeze(&self) {
        self.link.send_replace(Link { to_server: Flow::Frozen, to_client: Flow::Frozen });
    }

    /// Holds back the data that the server sends; data of the client still arrives.
    pub fn freeze_responses(&self) {
        self.link.send_replace(Link { to_client: Flow::Frozen, ..Link::default() });
    }

    /// Restores the flow without delay. Data that was held back arrives on connections that are still open, as with TCP.
    pub fn restore(&self) {
        self.link.send_replace(Link::default());
    }

    /// Closes all open connections. New ones are not affected.
    pub fn disconnect(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The settings of a connection.
#[derive(Clone, Debug)]
struct Connection {
    server: SocketAddr,
    link: watch::Receiver<Link>,
    cuts: watch::Receiver<u64>,
}

/// Accepts connections; dropping this future closes all of them.
async fn accept(listener: TcpListener, connection: Connection) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                let mut connection = connection.clone();
                // Earlier cuts do not apply to this connection.
                connection.cuts.mark_unchanged();
                connections.spawn(connection.run(client));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Connection {
    async fn run(mut self, client: TcpStream) {
        // If the server is not listening, the client only sees that the connection ends.
        let Ok(server) = TcpStream::connect(self.server).await else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        let requests = pipe(from_client, to_server, self.link.clone(), |link| link.to_server);
        let responses = pipe(from_server, to_client, self.link.clone(), |link| link.to_client);
        tokio::select! {
            _ = async { tokio::join!(requests, responses) } => {}
            _ = self.cuts.changed() => {}
        }
    }
}
