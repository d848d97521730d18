use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use battlement_core::{DropReason, PhaseWriter, Phases, dropping};
use battlement_serve::{Limits, Listener, Report, Server, ServerHandle, Serving};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout},
};

/// The longest time for a step, on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

/// A running server, and the phases of its process.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) writer: PhaseWriter,
    pub(crate) handle: ServerHandle,
    pub(crate) requests: Requests,
    abort: oneshot::Sender<DropReason>,
    serving: JoinHandle<io::Result<Report>>,
}

/// The requests without an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    begun: Arc<AtomicUsize>,
    /// The reasons for which they were dropped.
    dropped: Arc<Mutex<Vec<Option<DropReason>>>>,
}

struct InFlight(Requests);

impl Running {
    pub(crate) async fn start(limits: Limits) -> Self {
        Self::on(Listener::tcp("127.0.0.1:0").await.unwrap(), limits)
    }

    /// Serves `/`, and `/never`, which has no answer.
    pub(crate) fn on(listener: Listener, limits: Limits) -> Self {
        let (writer, phases) = Phases::new();
        let (addr, requests) = (listener.local_addr().unwrap(), Requests::default());
        let server = Server::new(listener).limits(limits).phases(phases);
        let handle = server.handle();
        let counted = requests.clone();
        let serving = server.serve(tower::service_fn(move |request: Request<Incoming>| {
            let requests = counted.clone();
            async move {
                if request.uri().path() == "/never" {
                    requests.begun.fetch_add(1, SeqCst);
                    let _in_flight = InFlight(requests);
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(Response::new("hello".to_owned()))
            }
        }));
        let (abort, aborted) = oneshot::channel();
        let serving = tokio::spawn(run(serving, aborted));
        Self { addr, writer, handle, requests, abort, serving }
    }

    /// Drops the server for `reason`.
    pub(crate) fn abort(self, reason: DropReason) {
        self.abort.send(reason).unwrap();
    }

    /// Waits for the end of the server.
    pub(crate) async fn ended(self) -> Report {
        timeout(PATIENCE, self.serving).await.expect("the server ends").unwrap().unwrap()
    }
}

async fn run(serving: Serving, aborted: oneshot::Receiver<DropReason>) -> io::Result<Report> {
    let mut serving = Box::pin(serving);
    tokio::select! {
        report = &mut serving => report,
        Ok(reason) = aborted => {
            dropping(reason, || drop(serving));
            Ok(Report::default())
        }
    }
}

impl Requests {
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(SeqCst)
    }

    /// Returns the reasons for which requests were dropped.
    pub(crate) fn dropped(&self) -> Vec<Option<DropReason>> {
        self.dropped.lock().unwrap().clone()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dropped.lock().unwrap().push(DropReason::current());
    }
}

/// Connects without a turn of the accept loop: the connection is in the queue of the listener.
pub(crate) fn enqueue(addr: SocketAddr) -> tokio::net::TcpStream {
    use std::io::Write as _;

    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    stream.write_all(REQUEST).unwrap();
    stream.set_nonblocking(true).unwrap();
    tokio::net::TcpStream::from_std(stream).unwrap()
}

/// Reads the response on a connection, and fails if it ends first.
pub(crate) async fn answer(stream: &mut tokio::net::TcpStream) -> String {
    use tokio::io::AsyncReadExt as _;

    let mut read = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while !read.ends_with(b"hello") {
        let count = tokio::time::timeout_at(deadline, stream.read_buf(&mut read)).await.unwrap();
        assert!(count.unwrap() > 0, "the connection has ended: {}", String::from_utf8_lossy(&read));
    }
    String::from_utf8(read).unwrap()
}
