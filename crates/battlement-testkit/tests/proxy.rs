//! A TCP proxy, in all weathers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{io, net::Ipv4Addr, time::Duration};

use battlement_testkit::proxy::Proxy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

/// Long for loopback, short for a test.
const A_WHILE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(10);

/// In front of a server that sends back what it gets.
async fn in_front_of_an_echo() -> Proxy {
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

async fn say(stream: &mut TcpStream, word: &[u8; 5]) {
    stream.write_all(word).await.unwrap();
}

async fn hear(stream: &mut TcpStream) -> io::Result<[u8; 5]> {
    let mut word = [0; 5];
    timeout(PATIENCE, stream.read_exact(&mut word)).await.expect("an answer in time")?;
    Ok(word)
}

#[tokio::test]
async fn bytes_pass_both_ways_and_so_does_the_end() {
    let proxy = in_front_of_an_echo().await;
    let mut stream = connect(&proxy).await;
    say(&mut stream, b"hello").await;
    assert_eq!(&hear(&mut stream).await.unwrap(), b"hello");
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0; 5]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_delay_is_paid_each_way_and_does_not_add_up() {
    let proxy = in_front_of_an_echo().await;
    proxy.delay(A_WHILE);
    let mut stream = connect(&proxy).await;
    let began = Instant::now();
    for word in [b"first", b"other", b"third"] {
        say(&mut stream, word).await;
    }
    for word in [b"first", b"other", b"third"] {
        assert_eq!(&hear(&mut stream).await.unwrap(), word);
    }
    assert!((2 * A_WHILE..5 * A_WHILE).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_is_sent_into_a_black_hole_arrives_when_it_heals() {
    let proxy = in_front_of_an_echo().await;
    let mut old = connect(&proxy).await;
    proxy.freeze();
    let mut new = connect(&proxy).await;
    for stream in [&mut old, &mut new] {
        say(stream, b"hello").await;
        assert!(timeout(A_WHILE, hear(stream)).await.is_err());
    }
    proxy.heal();
    for stream in [&mut old, &mut new] {
        assert_eq!(&hear(stream).await.unwrap(), b"hello");
    }
}

#[tokio::test]
async fn answers_alone_can_be_lost() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).await.unwrap();
    let mut client = connect(&proxy).await;
    let (mut server, _) = listener.accept().await.unwrap();
    proxy.freeze_answers();
    say(&mut client, b"hello").await;
    assert_eq!(&hear(&mut server).await.unwrap(), b"hello");
    say(&mut server, b"world").await;
    assert!(timeout(A_WHILE, hear(&mut client)).await.is_err());
    proxy.heal();
    assert_eq!(&hear(&mut client).await.unwrap(), b"world");
}

#[tokio::test]
async fn a_cut_breaks_the_connections_there_are_and_no_other() {
    let proxy = in_front_of_an_echo().await;
    let mut old = connect(&proxy).await;
    say(&mut old, b"hello").await;
    hear(&mut old).await.unwrap();
    proxy.cut();
    assert!(hear(&mut old).await.is_err());
    let mut new = connect(&proxy).await;
    say(&mut new, b"again").await;
    assert_eq!(&hear(&mut new).await.unwrap(), b"again");
}

#[tokio::test]
async fn without_a_server_the_connection_ends() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let proxy = Proxy::start(nobody).await.unwrap();
    let mut stream = connect(&proxy).await;
    assert!(hear(&mut stream).await.is_err());
}

#[tokio::test]
async fn a_dropped_proxy_is_gone_with_its_connections() {
    let proxy = in_front_of_an_echo().await;
    let mut stream = connect(&proxy).await;
    say(&mut stream, b"hello").await;
    hear(&mut stream).await.unwrap();
    let addr = proxy.addr();
    drop(proxy);
    assert!(hear(&mut stream).await.is_err());
    assert!(TcpStream::connect(addr).await.is_err());
}
