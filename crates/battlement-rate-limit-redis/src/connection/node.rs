use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use battlement_core::spread;
use tokio::{
    runtime::Handle,
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep},
};

use super::{Connection, Dial, Endpoint};
use crate::fault::{Fault, Unreachable};

/// A server with a connection to it, which is replaced when it closes.
///
/// While a connection is being made, callers wait for it. If that fails, they get the reason at once, and a later
/// caller starts another attempt. A server that was connected a moment ago and now refuses connections is probably
/// restarting: attempts continue for a while, and callers wait for as long as their own deadline allows.
pub(crate) struct Node {
    pub(crate) endpoint: Endpoint,
    dial: Arc<Dial>,
    connection: ArcSwapOption<Connection>,
    state: watch::Sender<ConnectionState>,
    changed: OnChange,
    task: Mutex<Option<AbortHandle>>,
}

/// Called when a connection could not be replaced, and when it is open again.
pub(crate) type OnChange = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone, Debug)]
enum ConnectionState {
    /// No attempt was made yet.
    Idle,
    Connecting,
    Open {
        since: Instant,
    },
    Failed {
        fault: Fault,
        at: Instant,
    },
}

/// The time for which attempts to replace a connection continue.
const RESTART: Duration = Duration::from_secs(1);
/// The shortest and the longest backoff between these attempts. The backoff is a fraction of the time without a
/// connection.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(20)];
const PART: u32 = 20;
/// The shortest interval between attempts that callers start.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);
/// A connection that closed sooner is replaced only after this time.
const SHORT_LIFE: Duration = Duration::from_millis(50);

impl Node {
    pub(crate) fn new(endpoint: Endpoint, dial: Arc<Dial>, changed: OnChange) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            dial,
            connection: ArcSwapOption::empty(),
            state: watch::Sender::new(ConnectionState::Idle),
            changed,
            task: Mutex::default(),
        })
    }

    /// Returns the connection, if it is open.
    pub(crate) fn open(&self) -> Option<Arc<Connection>> {
        self.connection.load_full().filter(|connection| connection.is_open())
    }

    /// Returns the connection once it is open.
    pub(crate) async fn connection(self: &Arc<Self>) -> Result<Arc<Connection>, Fault> {
        let mut state = self.state.subscribe();
        loop {
            if let Some(connection) = self.open() {
                return Ok(connection);
            }
            self.connect();
            let settled =
                state.wait_for(|state| !matches!(state, ConnectionState::Connecting)).await;
            if let Ok(ConnectionState::Failed { fault, .. }) = settled.as_deref() {
                return Err(fault.clone());
            }
        }
    }

    /// Discards the connection, so that the next caller makes another one.
    pub(crate) fn renew(&self) {
        self.connection.store(None);
    }

    /// Begins to connect, unless an attempt is in progress or has just failed, or the connection is open.
    fn connect(self: &Arc<Self>) {
        let mut since = None;
        let begins = self.state.send_if_modified(|state| {
            let begins = match state {
                ConnectionState::Connecting => false,
                ConnectionState::Failed { at, .. } => at.elapsed() >= BETWEEN_ATTEMPTS,
                ConnectionState::Idle => true,
                ConnectionState::Open { since: opened } => {
                    since = Some(*opened);
                    self.open().is_none()
                }
            };
            if begins {
                *state = ConnectionState::Connecting;
            }
            begins
        });
        if begins {
            // A connection that was discarded is not lost: reconnecting may not be enough.
            let lost = since.filter(|_| self.connection.load().is_some());
            self.spawn(lost);
        }
    }

    /// Begins to connect if the connection has closed.
    fn replace(self: &Arc<Self>) {
        if self.connection.load().as_ref().is_some_and(|connection| !connection.is_open()) {
            self.connect();
        }
    }

    fn spawn(self: &Arc<Self>, lost: Option<Instant>) {
        let attempts = Attempts {
            node: Arc::downgrade(self),
            endpoint: self.endpoint.clone(),
            dial: Arc::clone(&self.dial),
            lost: lost.map(|_| Instant::now()),
            is_reported: false,
        };
        let delay = lost.map_or(Duration::ZERO, |since| SHORT_LIFE.saturating_sub(since.elapsed()));
        let Ok(runtime) = Handle::try_current() else {
            return self.fail(Fault::Unreachable(Unreachable::Io));
        };
        let task = runtime.spawn(attempts.run(delay)).abort_handle();
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    fn succeed(&self, connection: Connection) {
        self.connection.store(Some(Arc::new(connection)));
        self.state.send_replace(ConnectionState::Open { since: Instant::now() });
        (self.changed)();
    }

    fn fail(&self, fault: Fault) {
        self.state.send_replace(ConnectionState::Failed { fault, at: Instant::now() });
        (self.changed)();
    }
}

/// A series of attempts to connect.
struct Attempts {
    node: Weak<Node>,
    endpoint: Endpoint,
    dial: Arc<Dial>,
    /// The time at which the connection that is being replaced was lost.
    lost: Option<Instant>,
    /// Whether the node knows the result.
    is_reported: bool,
}

impl Attempts {
    async fn run(mut self, delay: Duration) {
        sleep(delay).await;
        loop {
            let node = self.node.clone();
            let closed = move || {
                if let Some(node) = node.upgrade() {
                    node.replace();
                }
            };
            let result = self.dial.connect(&self.endpoint, closed).await;
            let pause = result.as_ref().err().and_then(|fault| self.pause(fault));
            if let Some(pause) = pause {
                sleep(pause).await;
                continue;
            }
            self.is_reported = true;
            if let Some(node) = self.node.upgrade() {
                match result {
                    Ok(connection) => node.succeed(connection),
                    Err(fault) => node.fail(fault),
                }
            }
            return;
        }
    }

    /// Returns the backoff before the next attempt, or `None` if there is none.
    fn pause(&self, fault: &Fault) -> Option<Duration> {
        let lost = self.lost?.elapsed();
        let restarts = matches!(
            fault,
            Fault::Unreachable(Unreachable::ConnectionRefused | Unreachable::ClosedEarly)
        );
        if !restarts || lost >= RESTART {
            return None;
        }
        let [shortest, longest] = PAUSES;
        let pause = (lost / PART).clamp(shortest, longest);
        Some(spread(pause / 2, pause))
    }
}

/// Attempts end early with their runtime, which need not be that of their callers. The callers must not wait for them.
impl Drop for Attempts {
    fn drop(&mut self) {
        if !self.is_reported
            && let Some(node) = self.node.upgrade()
        {
            node.fail(Fault::Unreachable(Unreachable::Io));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use tokio::{
        runtime::{Builder, Runtime},
        task::yield_now,
        time::timeout,
    };

    use super::*;
    use crate::connection::{
        Epoch,
        tls::{Certificates, Tls},
    };

    const TIME: &[u8] = b"*2\r\n$10\r\n1800000000\r\n$1\r\n0\r\n";

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    fn node_at(listener: &TcpListener) -> Arc<Node> {
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let endpoint = Endpoint::of_url("url", &url).unwrap();
        let tls = Tls::new(Certificates::default()).unwrap();
        let dial = Dial::new(tls, Duration::from_secs(60), Epoch::now());
        Node::new(endpoint, Arc::new(dial), Arc::new(|| {}))
    }

    /// Answers the first command of each connection.
    fn answer(listener: TcpListener) {
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 64]).and_then(|_| stream.write_all(TIME));
                open.push(stream);
            }
        });
    }

    #[test]
    fn an_attempt_that_ends_with_its_runtime_is_followed_by_another() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let node = node_at(&listener);
        let first = runtime();
        let unanswered = async { timeout(Duration::from_millis(50), node.connection()).await };
        assert!(first.block_on(unanswered).is_err());
        drop(first);
        answer(listener);
        let connected = async {
            while node.connection().await.is_err() {
                yield_now().await;
            }
        };
        let connected = async { timeout(Duration::from_secs(5), connected).await };
        runtime().block_on(connected).expect("callers wait for an attempt that no longer exists");
    }
}
