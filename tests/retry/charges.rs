//! Charges of the example `payments` that are sent again under one key.

use std::{net::SocketAddr, sync::Arc};

use battlement::shutdown::Shutdown;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{client::conn::http1, http::response::Parts};
use hyper_util::rt::TokioIo;
use payments::{Ledger, Payments, Settings};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Barrier,
    task::JoinSet,
};

/// Payments, and its listener for operators.
#[derive(Clone, Copy)]
struct Servers {
    charges: SocketAddr,
    admin: SocketAddr,
}

impl Servers {
    async fn start() -> Self {
        let settings = Settings { faults: true, ..Settings::default() };
        let payments = Payments::new(Ledger::default(), &settings);
        let [charges, admin] = [listen().await, listen().await];
        let addresses = [&charges, &admin].map(|listener| listener.local_addr().unwrap());
        let shutdown = Shutdown::without_signals();
        tokio::spawn(payments::serve_admin(
            admin,
            payments.admin(&payments::health(shutdown.phases())),
        ));
        tokio::spawn(payments::serve(charges, payments, shutdown));
        Self { charges: addresses[0], admin: addresses[1] }
    }

    /// Sends a charge of order-1 under its key.
    async fn charge(self, cents: u64) -> hyper::Result<Answer> {
        let body = json!({
            "order_id": "order-1", "amount_cents": cents, "receipt_email": "ada@example.org",
        });
        send(self.charges, Method::POST, "/charges", body.to_string()).await
    }

    /// Lets every n-th charge fail.
    async fn fail(self, kind: &str, every: u32) {
        let body = json!({ "kind": kind, "every": every, "duration_seconds": 600 });
        let answer = send(self.admin, Method::POST, "/faults", body.to_string()).await.unwrap();
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }

    /// Asserts that one order was charged, once.
    async fn assert_one_charge(self) {
        let answer = send(self.admin, Method::GET, "/ledger", String::new()).await.unwrap();
        assert_eq!(answer.json(), json!({ "charges": 1, "orders": 1 }));
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Sends one request on a connection of its own, so that no client repeats it unseen.
async fn send(to: SocketAddr, method: Method, path: &str, body: String) -> hyper::Result<Answer> {
    let stream = TcpStream::connect(to).await.unwrap();
    let (mut client, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", "payments");
    let request = request.header("idempotency-key", "\"order-1\"").body(Full::from(body)).unwrap();
    let (Parts { status, headers, .. }, body) = client.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Answer { status, headers, body })
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_equal_charges_at_once_make_one_charge() {
    let servers = Servers::start().await;
    let barrier = Arc::new(Barrier::new(50));
    let mut sends = JoinSet::new();
    for _ in 0..50 {
        let barrier = barrier.clone();
        sends.spawn(async move {
            barrier.wait().await;
            servers.charge(2_400).await.unwrap()
        });
    }
    let answers = sends.join_all().await;
    let (charged, early): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == StatusCode::CREATED);
    assert!(!charged.is_empty());
    assert!(charged.iter().all(|answer| answer.body == charged[0].body), "{charged:#?}");
    // These arrived while the first was in progress.
    for answer in early {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(answer.json()["code"], "idempotency_key_in_progress");
    }
    servers.assert_one_charge().await;
}

#[tokio::test]
async fn fifty_equal_charges_in_a_row_make_one_charge_with_one_answer() {
    let servers = Servers::start().await;
    let first = servers.charge(2_400).await.unwrap();
    assert_eq!(first.status, StatusCode::CREATED);
    for _ in 1..50 {
        let again = servers.charge(2_400).await.unwrap();
        assert_eq!((again.status, &again.body), (first.status, &first.body));
    }
    servers.assert_one_charge().await;
}

#[tokio::test]
async fn another_body_under_the_key_gets_a_422() {
    let servers = Servers::start().await;
    assert_eq!(servers.charge(2_400).await.unwrap().status, StatusCode::CREATED);
    let other = servers.charge(4_800).await.unwrap();
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(other.json()["code"], "idempotency_key_reused");
    servers.assert_one_charge().await;
}

#[tokio::test]
async fn after_a_lost_answer_the_second_send_gets_the_first_answer() {
    let servers = Servers::start().await;
    servers.fail("reset_after", 2).await;
    let first = servers.charge(2_400).await.unwrap();
    assert!(servers.charge(2_400).await.is_err());
    let again = servers.charge(2_400).await.unwrap();
    assert_eq!((again.status, again.body), (first.status, first.body));
    servers.assert_one_charge().await;
}

#[tokio::test]
async fn an_answer_that_was_never_received_is_found_by_the_second_send() {
    let servers = Servers::start().await;
    servers.fail("reset_after", 1).await;
    for _ in 0..2 {
        assert!(servers.charge(2_400).await.is_err());
        servers.assert_one_charge().await;
    }
    servers.fail("503", 1_000_000).await;
    let again = servers.charge(2_400).await.unwrap();
    assert_eq!((again.status, &again.json()["order_id"]), (StatusCode::CREATED, &json!("order-1")));
    servers.assert_one_charge().await;
}
