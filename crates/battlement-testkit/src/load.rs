//! Callers that never retry a request, and count the result of each.
//!
//! [`Load`] keeps a fixed number of callers busy, each of which waits for its answer before it calls again.
//! [`OpenLoop`] sends requests at the times at which they are due, however slow the answers are.

mod arrivals;
mod caller;
mod exchange;
mod http1;
mod http2;
mod open_loop;
mod random;
mod site;
mod tally;
mod upload;

use std::{net::SocketAddr, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};

use self::site::Site;
pub use self::{
    arrivals::{Arrival, Arrivals},
    caller::Caller,
    exchange::call,
    open_loop::OpenLoop,
    tally::{End, Tally},
};

/// The default time to wait for requests in flight after a load was stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// The settings of callers of one kind.
///
/// # Example
///
/// ```
/// use battlement_testkit::{load::{Caller, Load}, upstream::Upstream};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let upstream = Upstream::start().await?;
/// let think = Duration::from_millis(1);
/// let load = Load::new(Caller::KeepAlive { think }).callers(4).start(upstream.addr());
/// // Here, a test restarts the server.
/// assert!(load.answered(100, Duration::from_secs(10)).await);
/// let tally = load.stop().await;
/// assert_eq!(tally.lost(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a load does nothing until it is started"]
pub struct Load {
    caller: Caller,
    callers: usize,
    path: String,
    headers: HeaderMap,
    patience: Duration,
}

impl Load {
    /// Creates a load with a single caller.
    pub fn new(caller: Caller) -> Self {
        let path = caller.default_path().to_owned();
        Self { caller, callers: 1, path, headers: HeaderMap::new(), patience: PATIENCE }
    }

    /// Sets the number of callers, each with a connection of its own.
    pub const fn callers(mut self, callers: usize) -> Self {
        self.callers = callers;
        self
    }

    /// Sets the path of all requests; the default is `/`, or the method `Say` of the echo service.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Adds a header to all requests.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets the time to wait for requests in flight after the load was [stopped](RunningLoad::stop). Default: ten
    /// seconds.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Starts all callers.
    #[must_use = "dropping a running load aborts its callers"]
    pub fn start(&self, addr: SocketAddr) -> RunningLoad {
        let (stop, stopped) = watch::channel(None);
        let (tally, counted) = watch::channel(Tally::default());
        let mut tasks = JoinSet::new();
        for nth in 0..self.callers {
            let (tally, stopped) = (tally.clone(), stopped.clone());
            let site = Site::new(addr, self, nth as u64, tally, stopped);
            tasks.spawn(self.caller.run(site));
        }
        RunningLoad { stop, tally: counted, tasks }
    }
}

/// A set of running callers; dropping this value aborts them, and [`stop`](Self::stop) lets them finish.
#[derive(Debug)]
pub struct RunningLoad {
    stop: watch::Sender<Option<Instant>>,
    tally: watch::Receiver<Tally>,
    tasks: JoinSet<()>,
}

impl RunningLoad {
    /// Returns the tally so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// Waits until this number of requests has been answered in total; returns `false` if that does not happen within
    /// `deadline`.
    #[must_use = "the requests may not have been answered before the deadline"]
    pub async fn answered(&self, requests: u64, deadline: Duration) -> bool {
        let mut tally = self.tally.clone();
        let answered = tally.wait_for(|tally| tally.answered >= requests);
        matches!(timeout(deadline, answered).await, Ok(Ok(_)))
    }

    /// Starts no further request, waits for those in flight, and returns the tally.
    ///
    /// The wait is at most the [`patience`](Load::patience) of the load. A request that is then still in flight is
    /// given up: it counts as lost, or as cut off if the head of its response has arrived.
    ///
    /// # Panics
    ///
    /// Panics if a caller has panicked.
    pub async fn stop(mut self) -> Tally {
        self.stop.send_replace(Some(Instant::now()));
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a caller panicked");
        }
        self.tally()
    }
}
