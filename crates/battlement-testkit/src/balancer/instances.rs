use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::client::Http1;

/// The default pause between two polls of an instance.
const INTERVAL: Duration = Duration::from_millis(20);
const TIMEOUT: Duration = Duration::from_secs(1);

/// The instances of a service, each polled by a task of its own.
#[derive(Debug)]
pub(super) struct Instances {
    path: Arc<str>,
    all: Mutex<Vec<Instance>>,
    next: AtomicUsize,
    interval: watch::Sender<Duration>,
}

/// An instance; dropping it ends its polls.
#[derive(Debug)]
struct Instance {
    addr: SocketAddr,
    is_ready: Arc<AtomicBool>,
    polls: JoinHandle<()>,
}

impl Instances {
    pub(super) fn new(path: &str) -> Self {
        let (path, interval) = (path.into(), watch::Sender::new(INTERVAL));
        Self { path, all: Mutex::default(), next: AtomicUsize::new(0), interval }
    }

    /// Adds the instance at `addr`, which is polled at `admin`.
    pub(super) fn add(&self, addr: SocketAddr, admin: SocketAddr) {
        let is_ready = Arc::<AtomicBool>::default();
        let (path, interval) = (Arc::clone(&self.path), self.interval.subscribe());
        let polls = tokio::spawn(poll(admin, path, Arc::clone(&is_ready), interval));
        self.all().push(Instance { addr, is_ready, polls });
    }

    pub(super) fn remove(&self, addr: SocketAddr) {
        self.all().retain(|instance| instance.addr != addr);
    }

    pub(super) fn poll_interval(&self, interval: Duration) {
        self.interval.send_replace(interval);
    }

    pub(super) fn is_ready(&self, addr: SocketAddr) -> bool {
        self.all().iter().any(|instance| instance.addr == addr && instance.is_ready())
    }

    /// Returns all ready instances. Each call starts with the next one.
    pub(super) fn next_ready(&self) -> Vec<SocketAddr> {
        let all = self.all();
        let ready = all.iter().filter(|instance| instance.is_ready());
        let mut ready: Vec<_> = ready.map(|instance| instance.addr).collect();
        if !ready.is_empty() {
            let first = self.next.fetch_add(1, Relaxed) % ready.len();
            ready.rotate_left(first);
        }
        ready
    }

    fn all(&self) -> MutexGuard<'_, Vec<Instance>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    fn is_ready(&self) -> bool {
        self.is_ready.load(Acquire)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.polls.abort();
    }
}

async fn poll(
    addr: SocketAddr,
    path: Arc<str>,
    is_ready: Arc<AtomicBool>,
    mut interval: watch::Receiver<Duration>,
) {
    loop {
        let answer = timeout(TIMEOUT, async { Http1::connect(addr).await?.get(&path).await }).await;
        let is_success = matches!(answer, Ok(Ok(answer)) if answer.status.is_success());
        is_ready.store(is_success, Release);
        pause(&mut interval).await;
    }
}

/// Waits for the interval, and restarts the wait when the interval changes.
async fn pause(interval: &mut watch::Receiver<Duration>) {
    loop {
        let time = *interval.borrow_and_update();
        // An error within means that the balancer was dropped, which also ends this task.
        let Ok(Ok(())) = timeout(time, interval.changed()).await else { return };
    }
}
