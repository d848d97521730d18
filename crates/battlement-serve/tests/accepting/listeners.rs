use std::{net::SocketAddr, os::fd::OwnedFd};

use battlement_serve::{Limits, Listener};
use battlement_testkit::client::{Http1, Raw};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
};

use crate::running::{REQUEST, Running, listener};

async fn get(addr: SocketAddr) -> String {
    Http1::connect(addr).await.unwrap().get("/").await.unwrap().text()
}

#[tokio::test]
async fn listeners_of_every_kind_are_served_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (tcp, tcp_addr) = listener().await;
    let tokio = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let std = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let fd = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addrs = [
        tcp_addr,
        tokio.local_addr().unwrap(),
        std.local_addr().unwrap(),
        fd.local_addr().unwrap(),
    ];
    let unix = Listener::unix(&path).mode(0o600).bind().unwrap();
    let fd = Listener::owned_fd(OwnedFd::from(fd)).unwrap();
    let listeners = [tcp, tokio.into(), std.into(), fd, unix.name("local")];
    let server = Running::start(Limits::new(), listeners);
    for addr in addrs {
        assert_eq!(get(addr).await, "hello");
    }
    let mut local = UnixStream::connect(&path).await.unwrap();
    local.write_all(REQUEST).await.unwrap();
    let mut head = [0; 15];
    local.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let open = server.handle.connections();
    let local: u64 =
        open.iter().filter(|open| &*open.listener == "local").map(|open| open.count).sum();
    assert_eq!(local, 1);
}

#[test]
fn a_listener_can_be_made_before_the_runtime() {
    let std = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = std.local_addr().unwrap();
    let listener = Listener::from(std);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _server = Running::start(Limits::new(), [listener]);
        assert_eq!(get(addr).await, "hello");
    });
}

#[tokio::test]
async fn connections_are_spread_over_the_sockets_of_one_address() {
    let listener = Listener::reuse_port("127.0.0.1:0", 2).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Running::start(Limits::new(), [listener]);
    let mut clients = Vec::new();
    // A socket without an accept loop would keep about half of them waiting.
    for _ in 0..40 {
        let mut client = Raw::connect(addr).await.unwrap();
        client.write(REQUEST).await.unwrap();
        client.read_until(b"hello").await.unwrap();
        clients.push(client);
    }
    assert_eq!(server.handle.open(), 40);
}
