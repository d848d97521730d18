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

use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::client::Http1;

const INTERVAL: Duration = Duration::from_millis(20);
const TIMEOUT: Duration = Duration::from_secs(1);

/// The instances of a service, each polled by a task of its own.
#[derive(Debug)]
pub(super) struct Instances {
    path: Arc<str>,
    all: Mutex<Vec<Instance>>,
    next: AtomicUsize,
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
        Self { path: path.into(), all: Mutex::default(), next: AtomicUsize::new(0) }
    }

    pub(super) fn add(&self, addr: SocketAddr) {
        let is_ready = Arc::<AtomicBool>::default();
        let polls = tokio::spawn(poll(addr, Arc::clone(&self.path), Arc::clone(&is_ready)));
        self.all().push(Instance { addr, is_ready, polls });
    }

    pub(super) fn remove(&self, addr: SocketAddr) {
        self.all().retain(|instance| instance.addr != addr);
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

async fn poll(addr: SocketAddr, path: Arc<str>, is_ready: Arc<AtomicBool>) {
    loop {
        let answer = timeout(TIMEOUT, async { Http1::connect(addr).await?.get(&path).await }).await;
        let is_success = matches!(answer, Ok(Ok(answer)) if answer.status.is_success());
        is_ready.store(is_success, Release);
        sleep(INTERVAL).await;
    }
}
