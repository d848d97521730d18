use std::{
    array, env,
    net::SocketAddr,
    process::{Command, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Router, routing::any};
use battlement::serve::{Flood, Limits, Listener, Observe, Server, tls::Tls};
use battlement_testkit::{certificates::CertificateAuthority, client::Http1, process::Process};
use tokio::time::sleep;

const DEADLINE: Duration = Duration::from_secs(20);
/// The time of a request that a flood leaves unfinished.
const SLOW: Duration = Duration::from_secs(1);

/// The server under attack.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) addr: SocketAddr,
    /// The address over TLS.
    pub(crate) tls: SocketAddr,
    pub(crate) process: Process,
}

impl Service {
    /// Starts the server, with a limit of open descriptors that its own limit of connections does not respect.
    pub(crate) async fn start(descriptors: Option<u32>) -> Self {
        let limit = descriptors.map_or(String::new(), |limit| format!("ulimit -n {limit}; "));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit}exec \"$0\" serve")]).arg(env::current_exe().unwrap());
        let process = Process::start(&mut command).unwrap();
        let tls = address(&process, "TLS on ").await;
        let addr = address(&process, "listening on ").await;
        Self { addr, tls, process }
    }

    /// Returns the number of connections that each flood has ended, in the order of [`Flood::ALL`].
    pub(crate) async fn floods(&self) -> Vec<u64> {
        let mut client = Http1::connect(self.addr).await.unwrap();
        let response = client.get("/floods").await.unwrap();
        let text = String::from_utf8(response.body.to_vec()).unwrap();
        text.split_whitespace().map(|number| number.parse().unwrap()).collect()
    }
}

async fn address(process: &Process, part: &str) -> SocketAddr {
    let line = process.line(part, DEADLINE).await.unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// The number of floods by kind.
#[derive(Debug)]
struct Counts([AtomicU64; Flood::ALL.len()]);

impl Observe for Counts {
    fn on_flood(&self, _listener: &str, kind: Flood) {
        self.0[kind as usize].fetch_add(1, Relaxed);
    }
}

/// Serves until the process is killed.
pub(crate) async fn serve() -> ExitCode {
    tracing_subscriber::fmt().with_ansi(false).init();
    let counts = Arc::new(Counts(array::from_fn(|_| AtomicU64::new(0))));
    let shown = Arc::clone(&counts);
    let floods = move || {
        let numbers = shown.0.iter().map(|count| format!("{}\n", count.load(Relaxed)));
        std::future::ready(numbers.collect::<String>())
    };
    let slow = async || {
        sleep(SLOW).await;
        "late"
    };
    let app = Router::new()
        .route("/", any(async || "answer"))
        .route("/slow", any(slow))
        .route("/floods", any(floods));
    let [chain, key] = CertificateAuthority::new().issue();
    let tls = Tls::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let secure = Listener::tcp("127.0.0.1:0").await.unwrap().name("tls").tls(&tls);
    println!("TLS on {}", secure.local_addr().unwrap());
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    // More connections than the descriptors of the test, so that `accept` fails.
    let limits = Limits::new().connections(10_000);
    let server = Server::new(listener).listener(secure).limits(limits).observe(counts);
    server.serve(app).await.unwrap();
    ExitCode::SUCCESS
}
