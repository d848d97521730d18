//! TLS with `openssl s_client`, a client that shares no code with the server.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use axum::{Router, routing::get};
use battlement::serve::{Limits, Listener, Server, tls::Tls};
use battlement_testkit::{certificates::CertificateAuthority, eventually};
use tempfile::NamedTempFile;
use tokio::{task::spawn_blocking, time::Instant};

use super::DEADLINE;

/// A server with TLS.
struct Service {
    addr: SocketAddr,
    tls: Tls,
    authority: CertificateAuthority,
    /// The certificate of the authority, for clients.
    trusted: NamedTempFile,
    /// The certificate that the server was started with.
    certificate: String,
}

impl Service {
    async fn start(limits: Limits) -> Self {
        let authority = CertificateAuthority::new();
        let [certificate, key] = authority.issue();
        let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let listener = Listener::tcp("127.0.0.1:0").await.unwrap().tls(&tls);
        let addr = listener.local_addr().unwrap();
        let app = Router::new().route("/", get(async || "hello\n"));
        tokio::spawn(Server::new(listener).limits(limits).serve(app));
        let mut trusted = NamedTempFile::new().unwrap();
        trusted.write_all(authority.pem().as_bytes()).unwrap();
        Self { addr, tls, authority, trusted, certificate }
    }

    fn client(&self) -> Command {
        let mut client = Command::new("openssl");
        client.args(["s_client", "-servername", "localhost", "-verify_return_error"]);
        client.arg("-connect").arg(self.addr.to_string());
        client.arg("-CAfile").arg(self.trusted.path());
        client
    }

    /// Makes a handshake, and returns the report of the client about it.
    async fn handshake(&self, arguments: &[&str]) -> String {
        let mut client = self.client();
        client.args(arguments).stdin(Stdio::null());
        let output = spawn_blocking(move || client.output().unwrap()).await.unwrap();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
        report
    }
}

/// A connection of a client that waits for its input.
struct Open {
    client: Child,
    answers: Option<BufReader<ChildStdout>>,
}

impl Open {
    fn connect(service: &Service) -> Self {
        let mut client = service.client();
        client.arg("-quiet").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut client = client.spawn().unwrap();
        let answers = client.stdout.take().map(BufReader::new);
        Self { client, answers }
    }

    /// Sends a request over HTTP/1, and reads the response.
    async fn get(&mut self) {
        let input = self.client.stdin.as_mut().unwrap();
        input.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut answers = self.answers.take().unwrap();
        let read = spawn_blocking(move || {
            let mut line = String::new();
            while line != "hello\n" {
                line.clear();
                assert!(answers.read_line(&mut line).unwrap() > 0, "the connection has ended");
            }
            answers
        });
        self.answers = Some(tokio::time::timeout(DEADLINE, read).await.unwrap().unwrap());
    }

    /// Waits until the server has closed the connection.
    async fn closed(&mut self) -> bool {
        eventually(DEADLINE, || matches!(self.client.try_wait(), Ok(Some(_)))).await
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// Returns whether the report of a client shows the certificate `pem`.
fn shows(report: &str, pem: &str) -> bool {
    let lines = |text: &str| text.split_whitespace().collect::<String>();
    lines(report).contains(&lines(pem))
}

#[tokio::test]
async fn after_a_replacement_new_clients_see_the_new_certificate_and_open_connections_stay() {
    let service = Service::start(Limits::new()).await;
    let mut open = Open::connect(&service);
    open.get().await;
    assert!(shows(&service.handshake(&[]).await, &service.certificate));

    let [certificate, key] = service.authority.issue();
    service.tls.handle().replace_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let report = service.handshake(&[]).await;
    assert!(shows(&report, &certificate) && !shows(&report, &service.certificate), "{report}");
    open.get().await;
}

#[tokio::test]
async fn both_versions_of_tls_and_both_protocols_are_offered() {
    let service = Service::start(Limits::new()).await;
    for version in ["-tls1_2", "-tls1_3"] {
        for (offered, agreed) in [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")] {
            let report = service.handshake(&[version, "-alpn", offered]).await;
            assert!(report.contains(&format!("ALPN protocol: {agreed}\n")), "{report}");
            assert!(report.contains("Verify return code: 0 (ok)"), "{report}");
        }
    }
}

#[tokio::test]
async fn a_client_that_is_silent_after_the_handshake_is_cut() {
    let service = Service::start(Limits::new().first_request(Duration::from_millis(500))).await;
    let start = Instant::now();
    let mut open = Open::connect(&service);
    assert!(open.closed().await);
    assert!(start.elapsed() >= Duration::from_millis(500), "{:?}", start.elapsed());
}
