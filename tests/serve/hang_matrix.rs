//! The states of a peer that keep other servers from ending. Each ends within the budget of a shutdown.
//!
//! axum 0.8 hangs with half a head, with a preface of HTTP/2 and with an event stream, and tonic 0.14 with a connection
//! that sends nothing, with a preface and with a Watch of its health service.

use std::{
    any::Any,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    response::sse::{Event, Sse},
    routing::{get, post},
};
use battlement::{
    health::{Health, grpc::HealthServer},
    serve::{Listener, Observe, Report, Server, tls::Tls},
};
use battlement_core::{Phase, PhaseWriter, Phases};
use battlement_testkit::{
    certificates::CertificateAuthority,
    client::{Http1, Http2, Raw},
    eventually,
};
use bytes::Bytes;
use http::Request;
use http_body_util::{Empty, Full};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep, timeout},
};
use tonic::service::Routes;

use super::DEADLINE;

/// The time from the start of the drain to the cut-off.
const DRAIN: Duration = Duration::from_secs(1);
/// The time in which a server has to end.
const BUDGET: Duration = Duration::from_secs(5);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The state in which a peer leaves its connection.
#[derive(Clone, Copy, Debug)]
enum Peer {
    Silent,
    SilentBeforeTls,
    HalfHead,
    HalfBody,
    HalfPreface,
    PrefaceAlone,
    Http2Vanished,
    Http1Idle,
    Http2Idle,
    EventStream,
    EventStreamOverHttp2,
    HealthWatch,
}

const PEERS: [Peer; 12] = [
    Peer::Silent,
    Peer::SilentBeforeTls,
    Peer::HalfHead,
    Peer::HalfBody,
    Peer::HalfPreface,
    Peer::PrefaceAlone,
    Peer::Http2Vanished,
    Peer::Http1Idle,
    Peer::Http2Idle,
    Peer::EventStream,
    Peer::EventStreamOverHttp2,
    Peer::HealthWatch,
];

impl Peer {
    /// Connects, and returns what keeps the connection open.
    async fn connect(self, service: &Service) -> Box<dyn Any + Send> {
        let (plain, tls) = (service.plain, service.tls);
        match self {
            Self::Silent => raw(plain, b"").await,
            Self::SilentBeforeTls => raw(tls, b"").await,
            Self::HalfHead => raw(plain, b"GET / HTT").await,
            Self::HalfBody => {
                let head = b"POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n123";
                raw(plain, head).await
            }
            Self::HalfPreface => raw(plain, &PREFACE[..12]).await,
            Self::PrefaceAlone => raw(plain, PREFACE).await,
            // A SETTINGS frame follows, and no answer to anything.
            Self::Http2Vanished => {
                raw(plain, &[PREFACE, &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat()).await
            }
            Self::Http1Idle => {
                let mut client = Http1::connect(plain).await.unwrap();
                client.get("/").await.unwrap();
                Box::new(client)
            }
            Self::Http2Idle => {
                let mut client = Http2::connect(plain).await.unwrap();
                client.get("/").await.unwrap();
                Box::new(client)
            }
            Self::EventStream => {
                let mut client = Http1::connect(plain).await.unwrap();
                let request = Request::get("/events").body(Empty::<Bytes>::new()).unwrap();
                Box::new((client.send(request).await.unwrap(), client))
            }
            Self::EventStreamOverHttp2 => {
                let mut client = Http2::connect(plain).await.unwrap();
                let request = Request::get("/events").body(Empty::<Bytes>::new()).unwrap();
                Box::new((client.send(request).await.unwrap(), client))
            }
            Self::HealthWatch => {
                let mut client = Http2::connect(plain).await.unwrap();
                let request = Request::post("/grpc.health.v1.Health/Watch")
                    .header("content-type", "application/grpc")
                    .header("te", "trailers");
                // A message without fields.
                let request = request.body(Full::new(Bytes::from_static(&[0; 5]))).unwrap();
                Box::new((client.send(request).await.unwrap(), client))
            }
        }
    }
}

async fn raw(addr: SocketAddr, bytes: &[u8]) -> Box<dyn Any + Send> {
    let mut raw = Raw::connect(addr).await.unwrap();
    raw.write(bytes).await.unwrap();
    Box::new(raw)
}

/// The number of accepted connections.
#[derive(Clone, Debug, Default)]
struct Accepted(Arc<AtomicU64>);

impl Observe for Accepted {
    fn on_accepted(&self, _: &str) {
        self.0.fetch_add(1, Relaxed);
    }
}

struct Service {
    plain: SocketAddr,
    tls: SocketAddr,
    accepted: Accepted,
    phases: PhaseWriter,
    run: JoinHandle<std::io::Result<Report>>,
}

impl Service {
    async fn start() -> Self {
        let [chain, key] = CertificateAuthority::new().issue();
        let tls = Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let plain = Listener::tcp("127.0.0.1:0").await.unwrap();
        let secure = Listener::tcp("127.0.0.1:0").await.unwrap().tls(&tls);
        let addrs = [&plain, &secure].map(|listener| listener.local_addr().unwrap());
        let (phases, read) = Phases::new();
        let accepted = Accepted::default();
        let server = Server::new(plain).listener(secure.name("tls")).phases(read);
        let run = tokio::spawn(server.observe(accepted.clone()).serve(app()));
        Self { plain: addrs[0], tls: addrs[1], accepted, phases, run }
    }

    /// Connects the peer, which is the `nth` of the server.
    async fn hang(&self, peer: Peer, nth: u64) -> Box<dyn Any + Send> {
        let connection = peer.connect(self).await;
        let is_accepted = eventually(DEADLINE, || self.accepted.0.load(Relaxed) == nth).await;
        assert!(is_accepted, "{peer:?}: the connection is not accepted");
        connection
    }

    /// Ends the server as a shutdown does, and returns how long that takes. The peer `late` connects once the shutdown has
    /// begun.
    async fn end(self, late: Option<Peer>) -> Duration {
        let start = Instant::now();
        self.phases.advance(Phase::Unready);
        sleep(Duration::from_millis(50)).await;
        let _late = match late {
            Some(peer) => Some(self.hang(peer, 2).await),
            None => None,
        };
        self.phases.advance(Phase::Stopping);
        sleep(Duration::from_millis(50)).await;
        self.phases.advance(Phase::Draining);
        let mut run = self.run;
        if timeout(DRAIN, &mut run).await.is_err() {
            self.phases.advance(Phase::CutOff);
            timeout(DEADLINE, run).await.expect("the server hangs").unwrap().unwrap();
        }
        start.elapsed()
    }
}

fn app() -> Router {
    let health = Health::builder().build();
    let events = async || Sse::new(tokio_stream::pending::<Result<Event, Infallible>>());
    let upload = async |body: Bytes| format!("{} bytes", body.len());
    let routes = Router::new()
        .route("/", get(async || "hello"))
        .route("/events", get(events))
        .route("/upload", post(upload));
    Routes::new(HealthServer::new(&health)).into_axum_router().merge(routes)
}

/// Returns how long a server takes to end in each cell: the state of a peer, and that of another peer that connects
/// during the shutdown.
async fn ends(
    cells: impl IntoIterator<Item = (Peer, Option<Peer>)>,
) -> Vec<(Peer, Option<Peer>, Duration)> {
    let mut ends = JoinSet::new();
    for (peer, late) in cells {
        ends.spawn(async move {
            let service = Service::start().await;
            let connection = service.hang(peer, 1).await;
            let taken = service.end(late).await;
            drop(connection);
            (peer, late, taken)
        });
    }
    ends.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_within_the_budget_in_each_state_of_a_peer() {
    let ends = ends(PEERS.map(|peer| (peer, None))).await;
    assert!(ends.iter().all(|(.., taken)| *taken < BUDGET), "{ends:?}");
}

// The task of the first connection has read a phase when the second one begins: each then waits for another phase.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_ends_within_the_budget_with_another_peer_that_connects_during_the_shutdown() {
    let same = PEERS.map(|peer| (peer, Some(peer)));
    let next =
        PEERS.iter().zip(PEERS.iter().cycle().skip(1)).map(|(peer, late)| (*peer, Some(*late)));
    let ends = ends(same.into_iter().chain(next)).await;
    assert!(ends.iter().all(|(.., taken)| *taken < BUDGET), "{ends:?}");
}
