//! Payments in a process of its own, with faults by command: this test program, started again.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use battlement::shutdown::Shutdown;
use payments::{Ledger, Settings};
use tokio::{net::TcpListener, runtime::Runtime};

use crate::running::{guard::Guard, send};

/// Set in the process that is payments.
const AS_PAYMENTS: &str = "TEST_AS_PAYMENTS";
/// The test that such a process runs.
const TEST: &str = "payments::payments_run_in_a_process_of_their_own";
/// The begin of the line with the addresses of the two listeners.
const LISTENS: &str = "payments listens on ";

/// A process that is payments. Dropping the value ends it.
pub struct Payments {
    pub addr: SocketAddr,
    /// The address of the listener for operators.
    pub admin: SocketAddr,
    process: Child,
    _guard: Guard,
}

impl Payments {
    pub fn start() -> Self {
        let mut program = Command::new(env::current_exe().unwrap());
        program.args(["--exact", TEST, "--nocapture"]).env(AS_PAYMENTS, "yes");
        let (mut process, guard) = Guard::spawn(program.stdout(Stdio::piped())).unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let addresses = lines.find_map(|line| line.unwrap().strip_prefix(LISTENS).map(parse));
        let [addr, admin] = addresses.expect("the process ended before it listened");
        Self { addr, admin, process, _guard: guard }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Lets every n-th charge fail.
    pub fn fail(&self, kind: &str, every: u32) {
        let body = format!(r#"{{"kind": "{kind}", "every": {every}, "duration_seconds": 600}}"#);
        assert_eq!(send(self.admin, "POST", "/faults", b"", &body).status, 204);
    }

    /// Returns the numbers of charges and of distinct orders.
    pub fn ledger(&self) -> (u64, u64) {
        let counts = send(self.admin, "GET", "/ledger", b"", "").json();
        let count = |name| counts[name].as_u64().unwrap();
        (count("charges"), count("orders"))
    }

    /// Waits until the ledger has `orders` charges, one for each order: charges of failed orders are voided in the
    /// background.
    pub fn wait_for_orders(&self, orders: u64) {
        let is_settled = (0..10_000).any(|_| self.ledger() == (orders, orders));
        assert!(is_settled, "{:?} charges and orders, expected {orders}", self.ledger());
    }
}

impl Drop for Payments {
    fn drop(&mut self) {
        // Fails if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn parse(addresses: &str) -> [SocketAddr; 2] {
    let (addr, admin) = addresses.split_once(' ').unwrap();
    [addr, admin].map(|text| text.parse().unwrap())
}

async fn serve() -> anyhow::Result<()> {
    let settings = Settings { faults: true, ..Settings::default() };
    let service = payments::Payments::new(Ledger::default(), &settings);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let admin = TcpListener::bind("127.0.0.1:0").await?;
    // The line of the test framework has no end yet.
    println!("\n{LISTENS}{} {}", listener.local_addr()?, admin.local_addr()?);
    let shutdown = Shutdown::without_signals();
    tokio::spawn(payments::serve_admin(admin, service.admin(&payments::health(shutdown.phases()))));
    payments::serve(listener, service, shutdown).await.map(drop)
}

#[test]
fn payments_run_in_a_process_of_their_own() {
    if env::var_os(AS_PAYMENTS).is_some() {
        return Runtime::new().unwrap().block_on(serve()).unwrap();
    }
    let payments = Payments::start();
    assert_ne!(payments.process.id(), std::process::id());
    let charge =
        r#"{"order_id": "order-1", "amount_cents": 2400, "receipt_email": "ada@example.org"}"#;
    assert_eq!(send(payments.addr, "POST", "/charges", b"", charge).status, 201);
    assert_eq!(payments.ledger(), (1, 1));
}
