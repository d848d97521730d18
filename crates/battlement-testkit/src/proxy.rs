//! A TCP proxy that stands between a client and its server, and misbehaves as networks do.

mod pipe;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use self::pipe::pipe;

/// A proxy on a free loopback port, on the runtime of the test.
///
/// It passes on what it gets, both ways, until it is told to do otherwise. Its connections break when it is
/// dropped.
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
/// proxy.freeze(); // as if a cable had been pulled
/// proxy.heal(); // what was sent meanwhile arrives
/// proxy.cut(); // connections are reset; new ones are fine
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    weather: watch::Sender<Weather>,
    cuts: watch::Sender<u64>,
    task: JoinHandle<()>,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weather {
    /// To the server.
    there: Flow,
    /// Back to the client.
    back: Flow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// They arrive so much later.
    After(Duration),
    /// They are held back until there is another flow.
    Never,
}

impl Default for Flow {
    fn default() -> Self {
        Self::After(Duration::ZERO)
    }
}

impl Proxy {
    /// Starts one in front of `server`, which need not be there yet.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn start(server: impl Into<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (weather, cuts) = (watch::Sender::default(), watch::Sender::default());
        let connection = Connection {
            server: server.into(),
            weather: weather.subscribe(),
            cuts: cuts.subscribe(),
        };
        let task = tokio::spawn(accept(listener, connection));
        Ok(Self { addr, weather, cuts, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Each byte takes so much longer, either way.
    pub fn delay(&self, time: Duration) {
        let flow = Flow::After(time);
        self.weather.send_replace(Weather { there: flow, back: flow });
    }

    /// Nothing arrives any more, either way, and no connection breaks: the peer is a black hole. Connections
    /// can still be made.
    pub fn freeze(&self) {
        self.weather.send_replace(Weather { there: Flow::Never, back: Flow::Never });
    }

    /// The server gets everything, and its answers do not arrive.
    pub fn freeze_answers(&self) {
        self.weather.send_replace(Weather { back: Flow::Never, ..Weather::default() });
    }

    /// All is well again. As with TCP, what was sent meanwhile arrives now, on connections that still are.
    pub fn heal(&self) {
        self.weather.send_replace(Weather::default());
    }

    /// Breaks all connections there are. New ones are as good as before.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What each connection is told.
#[derive(Clone, Debug)]
struct Connection {
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    cuts: watch::Receiver<u64>,
}

/// Dropped, it takes all connections with it.
async fn accept(listener: TcpListener, connection: Connection) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((client, _)) = listener.accept() => {
                let mut connection = connection.clone();
                // A cut from before it was there is none of its own.
                connection.cuts.mark_unchanged();
                connections.spawn(connection.run(client));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Connection {
    async fn run(mut self, client: TcpStream) {
        // As with a port that nobody listens on, all the client sees is that the connection ends.
        let Ok(server) = TcpStream::connect(self.server).await else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        let there = pipe(from_client, to_server, self.weather.clone(), |weather| weather.there);
        let back = pipe(from_server, to_client, self.weather.clone(), |weather| weather.back);
        tokio::select! {
            _ = async { tokio::join!(there, back) } => {}
            _ = self.cuts.changed() => {}
        }
    }
}
