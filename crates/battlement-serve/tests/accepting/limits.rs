use std::net::Ipv4Addr;

use battlement_serve::{Limits, Refusal};
use battlement_testkit::{
    client::{Http1, Raw},
    eventually,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::running::{PATIENCE, REQUEST, Running, connect_from, listener};

#[tokio::test]
async fn at_the_total_limit_connections_wait_until_another_one_is_closed() {
    let (listener, addr) = listener().await;
    let server = Running::start(Limits::new().connections(2), [listener]);
    let (mut first, mut second) =
        (Http1::connect(addr).await.unwrap(), Http1::connect(addr).await.unwrap());
    first.get("/").await.unwrap();
    second.get("/").await.unwrap();
    let mut third = Raw::connect(addr).await.unwrap();
    third.write(REQUEST).await.unwrap();
    for _ in 0..10 {
        second.get("/").await.unwrap();
    }
    assert_eq!((server.requests(), server.handle.open()), (12, 2), "the third was accepted");
    assert_eq!(server.seen.full(), ["public"]);
    drop(first);
    let answer = third.read_until(b"hello").await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    assert_eq!(server.handle.open(), 2);
    assert_eq!(server.seen.full(), ["public"; 2], "the server is full again");
}

#[tokio::test]
async fn a_listener_with_a_limit_of_its_own_answers_while_the_other_one_is_full() {
    let ((public, addr), (admin, admin_addr)) = (listener().await, listener().await);
    let admin = admin.name("admin").connections(2);
    let server = Running::start(Limits::new().connections(1), [public, admin]);
    let mut only = Http1::connect(addr).await.unwrap();
    only.get("/").await.unwrap();
    let _waiting = Raw::connect(addr).await.unwrap();
    let mut operators = Vec::new();
    for _ in 0..2 {
        let mut operator = Http1::connect(admin_addr).await.unwrap();
        operator.get("/metrics").await.unwrap();
        operators.push(operator);
    }
    assert_eq!(server.handle.open(), 3);
    let mut waiting = Raw::connect(admin_addr).await.unwrap();
    waiting.write(REQUEST).await.unwrap();
    operators[0].get("/metrics").await.unwrap();
    assert_eq!(server.handle.open(), 3, "the limit of the admin listener is exceeded");
    assert_eq!(server.seen.full(), ["public", "admin"]);
    operators.clear();
    waiting.read_until(b"hello").await.unwrap();
}

#[tokio::test]
async fn two_listeners_share_the_total() {
    let ((first, addr), (second, second_addr)) = (listener().await, listener().await);
    let server = Running::start(Limits::new().connections(1), [first, second.name("second")]);
    for round in 0..3 {
        for addr in [addr, second_addr] {
            let mut client = Http1::connect(addr).await.unwrap();
            client.get("/").await.unwrap();
            assert_eq!(server.handle.open(), 1, "round {round}");
        }
    }
}

#[tokio::test]
async fn a_client_at_its_limit_is_closed_and_others_are_served() {
    let (listener, addr) = listener().await;
    let limits = Limits::new().connections_per_client(2);
    let server = Running::start(limits, [listener]);
    let mut clients = [Http1::connect(addr).await.unwrap(), Http1::connect(addr).await.unwrap()];
    for client in &mut clients {
        client.get("/").await.unwrap();
    }
    let mut refused = Raw::connect(addr).await.unwrap();
    // Closed at once, so that the client may get a reset in place of the end.
    assert_eq!(refused.read_to_end().await.unwrap_or_default(), b"");
    assert_eq!(server.seen.refusals(), [("public".to_owned(), Refusal::ClientLimit)]);

    let mut other = connect_from(Ipv4Addr::new(127, 0, 0, 2), addr).await;
    other.write_all(REQUEST).await.unwrap();
    let mut head = [0; 15];
    other.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");

    let [first, _second] = clients;
    drop(first);
    assert!(eventually(PATIENCE, || server.handle.open() == 2).await);
    Http1::connect(addr).await.unwrap().get("/").await.unwrap();
}

#[tokio::test]
async fn clients_are_not_limited_unless_asked() {
    let (listener, addr) = listener().await;
    let server = Running::start(Limits::new(), [listener]);
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = Http1::connect(addr).await.unwrap();
        client.get("/").await.unwrap();
        clients.push(client);
    }
    assert_eq!((server.handle.open(), server.seen.refusals()), (50, Vec::new()));
}
