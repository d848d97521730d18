use std::os::fd::OwnedFd;

use battlement_core::Phase;
use battlement_serve::{Limits, Listener};
use battlement_testkit::client::{Http1, Raw};

use crate::running::{REQUEST, Running, answer, enqueue};

#[tokio::test]
async fn connections_in_the_queue_are_answered_when_accepting_ends() {
    let server = Running::start(Limits::new()).await;
    // The server has started.
    Http1::connect(server.addr).await.unwrap().get("/").await.unwrap();
    let mut waiting: Vec<_> = (0..20).map(|_| enqueue(server.addr)).collect();
    server.writer.advance(Phase::Stopping);
    for stream in &mut waiting {
        assert!(answer(stream).await.contains("connection: close"));
    }
    Raw::connect(server.addr).await.expect_err("the listener is open");
    assert_eq!(server.ended().await.served, 21);
}

#[tokio::test]
async fn the_queues_of_all_sockets_of_one_address_are_answered() {
    let listener = Listener::reuse_port("127.0.0.1:0", 2).await.unwrap();
    let server = Running::on(listener, Limits::new());
    Http1::connect(server.addr).await.unwrap().get("/").await.unwrap();
    let mut waiting: Vec<_> = (0..40).map(|_| enqueue(server.addr)).collect();
    server.writer.advance(Phase::Stopping);
    for stream in &mut waiting {
        answer(stream).await;
    }
}

#[tokio::test]
async fn closing_one_socket_of_a_pair_loses_no_connection_in_its_queue() {
    let pair = Listener::reuse_port("127.0.0.1:0", 1).await.unwrap();
    let addr = pair.local_addr().unwrap();
    let old = Running::on(pair, Limits::new());
    let pair = Listener::reuse_port(addr, 1).await.unwrap();
    let new = Running::on(pair, Limits::new());
    // Both have started once connections of both are answered, of which the system chooses the socket.
    while old.handle.open() == 0 || new.handle.open() == 0 {
        let client = Box::leak(Box::new(Http1::connect(addr).await.unwrap()));
        client.get("/").await.unwrap();
    }
    let mut waiting: Vec<_> = (0..40).map(|_| enqueue(addr)).collect();
    old.writer.advance(Phase::Stopping);
    for stream in &mut waiting {
        answer(stream).await;
    }
    for _ in 0..20 {
        Http1::connect(addr).await.unwrap().get("/").await.unwrap();
    }
}

#[tokio::test]
async fn connections_in_the_queue_wait_for_room_when_the_server_is_full() {
    let server = Running::start(Limits::new().connections(1)).await;
    let mut only = Http1::connect(server.addr).await.unwrap();
    only.get("/").await.unwrap();
    let mut waiting: Vec<_> = (0..3).map(|_| enqueue(server.addr)).collect();
    server.writer.advance(Phase::Stopping);
    only.get("/").await.unwrap();
    // Each response closes its connection, and makes room for the next one.
    for stream in &mut waiting {
        answer(stream).await;
    }
    assert_eq!(server.ended().await.served, 4);
}

#[tokio::test]
async fn a_full_server_that_gets_no_room_ends_with_its_drain() {
    let server = Running::start(Limits::new().connections(1)).await;
    let mut only = Raw::connect(server.addr).await.unwrap();
    only.write(b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let _waiting = enqueue(server.addr);
    for phase in [Phase::Stopping, Phase::Draining, Phase::CutOff] {
        server.writer.advance(phase);
        tokio::task::yield_now().await;
    }
    let report = server.ended().await;
    assert!(report.served <= 2, "{report:?}");
}

#[tokio::test]
async fn a_listener_that_is_handed_over_keeps_its_queue_for_the_next_process() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let of_next = listener.try_clone().unwrap();
    let listener = Listener::owned_fd(OwnedFd::from(listener)).unwrap();
    let server = Running::on(listener, Limits::new());
    let addr = server.addr;
    Http1::connect(addr).await.unwrap().get("/").await.unwrap();
    let mut waiting: Vec<_> = (0..20).map(|_| enqueue(addr)).collect();
    server.writer.advance(Phase::Stopping);
    assert_eq!(server.ended().await.served, 1, "the queue was emptied");
    waiting.push(enqueue(addr));
    let next = Running::on(Listener::owned_fd(OwnedFd::from(of_next)).unwrap(), Limits::new());
    for stream in &mut waiting {
        answer(stream).await;
    }
    assert_eq!(next.handle.open(), 21);
}

#[tokio::test]
async fn a_descriptor_in_blocking_mode_does_not_hang_the_drain() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(false).unwrap();
    let addr = listener.local_addr().unwrap();
    let listener = Listener::owned_fd(OwnedFd::from(listener)).unwrap().handed_over(false);
    let server = Running::on(listener, Limits::new());
    let mut client = Raw::connect(addr).await.unwrap();
    client.write(REQUEST).await.unwrap();
    client.read_until(b"hello").await.unwrap();
    server.writer.advance(Phase::Stopping);
    server.writer.advance(Phase::Draining);
    assert_eq!(server.ended().await.served, 1);
}
