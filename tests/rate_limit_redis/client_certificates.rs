//! A Redis that accepts only clients with a certificate, and certificates that are rotated.

use std::fs;

use battlement_rate_limit::Policy;
use battlement_rate_limit_redis::{Builder, OnFailure, Redis, State};
use battlement_testkit::{
    eventually,
    redis::{CertificateAuthority, Redis as Server},
};
use tempfile::TempDir;

use crate::{
    log::Log,
    shop::{PATIENCE, Shop},
};

const KILL: [&str; 6] = ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"];

/// The files of a client.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new(authority: &CertificateAuthority) -> Self {
        let files = Self { dir: tempfile::tempdir().unwrap() };
        let [certificate, key] = authority.issue();
        files.write("roots", &authority.pem());
        files.write("certificate", &certificate);
        files.write("key", &key);
        files
    }

    fn write(&self, name: &str, pem: &str) {
        fs::write(self.path(name), pem).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Returns a builder that uses all files.
    fn builder(&self, server: &Server) -> Builder {
        Redis::builder(&server.tls_url())
            .deadline(PATIENCE)
            .root_certificates_file(self.path("roots"))
            .client_certificate_files(self.path("certificate"), self.path("key"))
    }
}

fn shop(redis: Builder) -> Shop {
    Shop::new(&redis.build().unwrap(), Policy::per_day("day", 1_000), OnFailure::Deny)
}

/// Makes the server use a certificate of another authority, and accept only clients of that authority.
async fn rotate(server: &Server, authority: &CertificateAuthority) -> Files {
    let files = Files::new(authority);
    let [roots, certificate, key] = ["roots", "certificate", "key"].map(|name| files.path(name));
    let set = ["CONFIG", "SET", "tls-ca-cert-file", &roots, "tls-cert-file", &certificate];
    server.query::<()>(&[&set[..], &["tls-key-file", &key]].concat()).await.unwrap();
    files
}

#[tokio::test]
async fn a_required_client_certificate_is_sent_and_a_missing_one_is_named_in_the_log() {
    let authority = CertificateAuthority::new();
    let server = Server::start_mutual_tls(&authority).await.unwrap();
    let files = Files::new(&authority);
    assert!(shop(files.builder(&server)).ask(1).await.exact);

    let (log, _logging) = Log::collect();
    let without = Redis::builder(&server.tls_url()).root_certificates(authority.pem());
    let without = without.build().unwrap();
    assert!(eventually(PATIENCE, || without.state() == State::Down).await, "{without:?}");
    let message = "requires a certificate of the client";
    assert!(log.warnings()[0].contains(message), "{}", log.text());

    let [certificate, key] = CertificateAuthority::new().issue();
    files.write("certificate", &certificate);
    files.write("key", &key);
    let stranger = files.builder(&server).build().unwrap();
    assert!(eventually(PATIENCE, || stranger.state() == State::Down).await, "{stranger:?}");
    let message = "rejected the certificate of the client";
    assert!(log.warnings()[1].contains(message), "{}", log.text());
}

#[tokio::test]
async fn rotated_certificates_and_roots_are_used_by_the_next_connection() {
    let server = Server::start_mutual_tls(&CertificateAuthority::new()).await.unwrap();
    let mut authority = CertificateAuthority::new();
    let mut of_server = rotate(&server, &authority).await;
    let files = Files::new(&authority);
    let shop = shop(files.builder(&server));
    for _ in 0..3 {
        assert!(shop.ask(1).await.exact);
        authority = CertificateAuthority::new();
        of_server = rotate(&server, &authority).await;
        for name in ["roots", "certificate", "key"] {
            fs::copy(Files::new(&authority).path(name), files.path(name)).unwrap();
        }
        // The certificate and the key must belong together.
        let [certificate, key] = authority.issue();
        files.write("certificate", &certificate);
        files.write("key", &key);
        server.query::<()>(&KILL).await.unwrap();
    }
    assert!(shop.ask(1).await.exact);
    drop(of_server);
}

#[tokio::test]
async fn files_that_do_not_match_yet_leave_the_last_valid_ones_in_use() {
    let authority = CertificateAuthority::new();
    let server = Server::start_mutual_tls(&authority).await.unwrap();
    let files = Files::new(&authority);
    let shop = shop(files.builder(&server));
    assert!(shop.ask(1).await.exact);
    let (log, _logging) = Log::collect();
    let [certificate, _] = authority.issue();
    for text in [certificate.as_str(), "", "no certificate"] {
        files.write("certificate", text);
        server.query::<()>(&KILL).await.unwrap();
        assert!(shop.ask(1).await.exact);
    }
    fs::remove_file(files.path("key")).unwrap();
    server.query::<()>(&KILL).await.unwrap();
    assert!(shop.ask(1).await.exact);
    let message = "keeping the last valid contents";
    let warnings = log.warnings().into_iter().filter(|line| line.contains(message));
    assert_eq!(warnings.count(), 1, "{}", log.text());
}

#[test]
fn unusable_files_are_rejected_by_name_when_the_client_is_built() {
    let (authority, other) = (CertificateAuthority::new(), CertificateAuthority::new());
    let files = Files::new(&authority);
    let [roots, certificate, key] = ["roots", "certificate", "key"].map(|name| files.path(name));
    let [_, foreign] = other.issue();
    files.write("foreign", &foreign);
    files.write("text", "no PEM");
    let (foreign, text, missing) = (files.path("foreign"), files.path("text"), files.path("none"));
    for (roots, certificate, key, field) in [
        (&missing, &certificate, &key, "root_certificates_file"),
        (&text, &certificate, &key, "root_certificates"),
        (&roots, &missing, &key, "client_certificate_file"),
        (&roots, &text, &key, "client_certificate_file"),
        (&roots, &certificate, &missing, "client_key_file"),
        (&roots, &certificate, &text, "client_key_file"),
        (&roots, &certificate, &foreign, "client_key_file"),
    ] {
        let builder = Redis::builder("rediss://localhost/").root_certificates_file(roots);
        let error = builder.client_certificate_files(certificate, key).build().unwrap_err();
        assert!(error.fields()[0].field().starts_with(field), "{error}");
        assert!(!error.to_string().contains("PRIVATE"), "{error}");
    }
    let plain = Redis::builder("redis://localhost/").client_certificate_files(certificate, key);
    assert_eq!(plain.build().unwrap_err().fields()[0].field(), "url");
}
