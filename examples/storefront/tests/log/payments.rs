//! Payments with faults and a log in JSON, in a process of its own: this test program, started again.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use battlement::shutdown::Shutdown;
use payments::{Ledger, Settings};
use tokio::{net::TcpListener, runtime::Runtime};
use tracing::info;

use crate::{
    log::{LogFilter, LogFormat},
    records,
    running::{guard::Guard, send},
};

/// Set in the process that is payments.
const AS_PAYMENTS: &str = "TEST_AS_PAYMENTS";
/// The test that such a process runs.
const TEST: &str = "payments::payments_log_in_a_process_of_their_own";
/// Far longer than any awaited line takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running service. Dropping the value ends the process.
pub struct Payments {
    pub addr: SocketAddr,
    /// The address of the listener for operators.
    pub admin: SocketAddr,
    process: Child,
    _guard: Guard,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Payments {
    pub fn start() -> Self {
        let mut program = Command::new(env::current_exe().unwrap());
        program.args(["--exact", TEST, "--nocapture"]).env(AS_PAYMENTS, "yes");
        let (mut process, _guard) = Guard::spawn(program.stdout(Stdio::piped())).unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let (sender, lines) = channel();
        // Without the lines of the test framework.
        let mut of_log = output.filter(|line| line.starts_with('{'));
        thread::spawn(move || of_log.try_for_each(|line| sender.send(line)));
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut payments = Self { addr, admin: addr, process, _guard, lines, log: Vec::new() };
        payments.admin = payments.address("metrics are at http://");
        payments.addr = payments.address("payments listens on http://");
        payments
    }

    /// Returns the address in the line of the log with this text.
    fn address(&mut self, before: &str) -> SocketAddr {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect(before);
            let address = line.split_once(before).map(|(_, rest)| rest.to_owned());
            self.log.push(line);
            if let Some(address) = address {
                return address.split(['/', '"']).next().unwrap().parse().unwrap();
            }
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Returns the log up to now.
    pub fn log(&mut self) -> String {
        self.log.extend(self.lines.try_iter());
        self.log.join("\n")
    }
}

impl Drop for Payments {
    fn drop(&mut self) {
        // Fails if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn serve() -> anyhow::Result<()> {
    // The line of the test framework has no end yet.
    println!();
    let filter: LogFilter = "info".parse().unwrap();
    let _records = filter.init(Some(LogFormat::Json));
    let settings = Settings { faults: true, ..Settings::default() };
    let service = payments::Payments::new(Ledger::default(), &settings);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let admin = TcpListener::bind("127.0.0.1:0").await?;
    info!("metrics are at http://{}/metrics", admin.local_addr()?);
    let shutdown = Shutdown::without_signals();
    tokio::spawn(payments::serve_admin(admin, service.admin(&payments::health(shutdown.phases()))));
    payments::serve(listener, service, shutdown).await.map(drop)
}

#[test]
fn payments_log_in_a_process_of_their_own() {
    if env::var_os(AS_PAYMENTS).is_some() {
        return Runtime::new().unwrap().block_on(serve()).unwrap();
    }
    let mut payments = Payments::start();
    assert_ne!(payments.process.id(), std::process::id());
    assert_eq!(send(payments.addr, "DELETE", "/charges/order-1", b"", "").status, 204);
    let has_record = (0..10_000).any(|_| records(&payments.log()).len() == 1);
    assert!(has_record, "{}", payments.log());
    assert_eq!(records(&payments.log())[0]["http.route"], "/charges/{order_id}");
}
