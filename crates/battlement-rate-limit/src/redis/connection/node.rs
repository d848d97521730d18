use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use tokio::{
    runtime::Handle,
    sync::watch,
    task::AbortHandle,
    time::{Instant, sleep},
};

use super::{Connection, Dial, Endpoint};
use crate::{
    jitter,
    redis::fault::{Fault, Unreachable},
};

/// A server with a connection to it, which is replaced as soon as it closes.
///
/// While a connection is made, callers wait for it. When that has failed, they learn why at once, and the next caller
/// that comes later makes another attempt. A server that was connected a moment ago and now refuses connections is
/// restarting as a rule: attempts go on for a while, and callers wait, each for as long as it likes.
pub(in crate::redis) struct Node {
    pub(in crate::redis) endpoint: Endpoint,
    dial: Arc<Dial>,
    connection: ArcSwapOption<Connection>,
    state: watch::Sender<ConnectionState>,
    changed: OnChange,
    task: Mutex<Option<AbortHandle>>,
}

/// Called when a connection could not be replaced, and when there is one again.
pub(in crate::redis) type OnChange = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone, Debug)]
enum ConnectionState {
    /// There was no attempt yet.
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

/// The time for which attempts to replace a connection go on.
const RESTART: Duration = Duration::from_secs(1);
/// The pauses between these attempts are a part of the time for which there is no connection, and not shorter or
/// longer than this.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(20)];
const PART: u32 = 20;
/// Two attempts of callers begin at least so long one after the other.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);
/// A connection that closed sooner is not replaced before this time has passed.
const SHORT_LIFE: Duration = Duration::from_millis(50);

impl Node {
    pub(in crate::redis) fn new(
        endpoint: Endpoint,
        dial: Arc<Dial>,
        changed: OnChange,
    ) -> Arc<Self> {
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
    pub(in crate::redis) fn open(&self) -> Option<Arc<Connection>> {
        self.connection.load_full().filter(|connection| connection.is_open())
    }

    /// Returns the connection once it is open.
    pub(in crate::redis) async fn connection(self: &Arc<Self>) -> Result<Arc<Connection>, Fault> {
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

    /// Gives the connection up: the next caller gets another one.
    pub(in crate::redis) fn renew(&self) {
        self.connection.store(None);
    }

    /// Begins to connect, unless that is under way, or there is a connection, or an attempt has just failed.
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
            // A connection that was given up is not lost: there may be a reason for more than another one.
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

/// Attempts to connect.
struct Attempts {
    node: Weak<Node>,
    endpoint: Endpoint,
    dial: Arc<Dial>,
    /// The time at which a connection was lost that is to be replaced.
    lost: Option<Instant>,
}

impl Attempts {
    async fn run(self, delay: Duration) {
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
            if let Some(node) = self.node.upgrade() {
                match result {
                    Ok(connection) => node.succeed(connection),
                    Err(fault) => node.fail(fault),
                }
            }
            return;
        }
    }

    /// Returns the time until the next attempt, if there is to be one.
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
        Some(jitter::spread(pause / 2, pause))
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
