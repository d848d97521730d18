use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use battlement_serve::{Limits, Listener, Observe, Refusal, Server, ServerHandle};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
};

/// The longest time for a step, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

/// A running server, which is aborted when it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) handle: ServerHandle,
    pub(crate) requests: Arc<AtomicUsize>,
    pub(crate) seen: Seen,
    task: JoinHandle<()>,
}

/// The refused connections, and the waits of full listeners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    refusals: Arc<Mutex<Vec<(String, Refusal)>>>,
    full: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub(crate) fn start(limits: Limits, listeners: impl IntoIterator<Item = Listener>) -> Self {
        let mut listeners = listeners.into_iter();
        let (requests, seen) = (Arc::<AtomicUsize>::default(), Seen::default());
        let mut server = Server::new(listeners.next().unwrap()).limits(limits);
        for listener in listeners {
            server = server.listener(listener);
        }
        let server = server.observe(seen.clone());
        let handle = server.handle();
        let counted = Arc::clone(&requests);
        let serving = server.serve(tower::service_fn(move |_: Request<Incoming>| {
            counted.fetch_add(1, SeqCst);
            async { Ok::<_, Infallible>(Response::new("hello".to_owned())) }
        }));
        let task = tokio::spawn(async move {
            serving.await.unwrap();
        });
        Self { handle, requests, seen, task }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    pub(crate) fn refusals(&self) -> Vec<(String, Refusal)> {
        self.refusals.lock().unwrap().clone()
    }

    /// Returns the listeners that have stopped accepting at the limit, each time.
    pub(crate) fn full(&self) -> Vec<String> {
        self.full.lock().unwrap().clone()
    }
}

impl Observe for Seen {
    fn on_refused(&self, listener: &str, reason: Refusal) {
        self.refusals.lock().unwrap().push((listener.to_owned(), reason));
    }

    fn on_full(&self, listener: &str) {
        self.full.lock().unwrap().push(listener.to_owned());
    }
}

/// Binds a listener, and returns its address.
pub(crate) async fn listener() -> (Listener, SocketAddr) {
    let listener = Listener::tcp((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Connects from another address of this machine.
pub(crate) async fn connect_from(ip: Ipv4Addr, addr: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((ip, 0).into()).unwrap();
    socket.connect(addr).await.unwrap()
}
