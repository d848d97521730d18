//! Tests of the TCP proxy and its faults.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{io, net::Ipv4Addr, time::Duration};

use battlement_testkit::proxy::Proxy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

/// Long compared with a loopback round trip, short for a test.
const DELAY: Duration = Duration::from_millis(100);
const DEADLINE: Duration = Duration::from_secs(10);

/// Starts a proxy in front of an echo server.
async fn echo_proxy() -> Proxy {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                copy(&mut from, &mut to).await
            });
        }
    });
    Proxy::start(addr).await.unwrap()
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.addr()).await.unwrap()
}

async fn send(stream: &mut TcpStream, word: &[u8; 5]) {
    stream.write_all(word).await.unwrap();
}

async fn receive(stream: &mut TcpStream) -> io::Result<[u8; 5]> {
    let mut word = [0; 5];
    timeout(DEADLINE, stream.read_exact(&mut word))
        .await
        .expect("no response before the deadline")?;
    Ok(word)
}

#[tokio::test]
async fn bytes_and_the_end_of_a_connection_pass_in_both_directions() {
    let proxy = echo_proxy().await;
    let mut stream = connect(&proxy).await;
    send(&mut stream, b"hello").await;
    assert_eq!(&receive(&mut stream).await.unwrap(), b"hello");
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0; 5]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_delay_applies_once_per_direction_and_does_not_add_up() {
    let proxy = echo_proxy().await;
    proxy.delay(DELAY);
    let mut stream = connect(&proxy).await;
    let start = Instant::now();
    for word in [b"first", b"other", b"third"] {
        send(&mut stream, word).await;
    }
    for word in [b"first", b"other", b"third"] {
        assert_eq!(&receive(&mut stream).await.unwrap(), word);
    }
    assert!((2 * DELAY..5 * DELAY).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn data_sent_during_a_freeze_arrives_afterwards() {
    let proxy = echo_proxy().await;
    let mut old = connect(&proxy).await;
    proxy.freeze();
    let mut new = connect(&proxy).await;
    for stream in [&mut old, &mut new] {
        send(stream, b"hello").await;
        assert!(timeout(DELAY, receive(stream)).await.is_err());
    }
    proxy.restore();
    for stream in [&mut old, &mut new] {
        assert_eq!(&receive(stream).await.unwrap(), b"hello");
    }
}

#[tokio::test]
async fn responses_alone_can_be_held_back() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
    let mut client = connect(&proxy).await;
    let (mut server, _) = listener.accept().await.unwrap();
    proxy.freeze_responses();
    send(&mut client, b"hello").await;
    assert_eq!(&receive(&mut server).await.unwrap(), b"hello");
    send(&mut server, b"world").await;
    assert!(timeout(DELAY, receive(&mut client)).await.is_err());
    proxy.restore();
    assert_eq!(&receive(&mut client).await.unwrap(), b"world");
}

#[tokio::test]
async fn a_cut_closes_open_connections_and_no_later_ones() {
    let proxy = echo_proxy().await;
    let mut old = connect(&proxy).await;
    send(&mut old, b"hello").await;
    receive(&mut old).await.unwrap();
    proxy.disconnect();
    assert!(receive(&mut old).await.is_err());
    let mut new = connect(&proxy).await;
    send(&mut new, b"again").await;
    assert_eq!(&receive(&mut new).await.unwrap(), b"again");
}

#[tokio::test]
async fn a_connection_ends_if_the_server_is_not_listening() {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let proxy = Proxy::start(unused).await.unwrap();
    let mut stream = connect(&proxy).await;
    assert!(receive(&mut stream).await.is_err());
}

#[tokio::test]
async fn a_dropped_proxy_closes_its_port_and_its_connections() {
    let proxy = echo_proxy().await;
    let mut stream = connect(&proxy).await;
    send(&mut stream, b"hello").await;
    receive(&mut stream).await.unwrap();
    let addr = proxy.addr();
    drop(proxy);
    assert!(receive(&mut stream).await.is_err());
    assert!(TcpStream::connect(addr).await.is_err());
}
