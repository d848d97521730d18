//! Handshakes, and the deadline that covers them.

use battlement_serve::{
    End, Refusal,
    tls::{Tls, rustls::ServerConfig},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, sleep},
};

use crate::served::{DEADLINE, Served, get};

#[tokio::test(start_paused = true)]
async fn a_request_over_tls_carries_its_scheme() {
    let served = Served::start().await;
    let mut client = served.connect(&["http/1.1"]).await;
    assert!(get(&mut client).await.ends_with("secure: true."));
}

#[tokio::test(start_paused = true)]
async fn a_client_without_alpn_is_served() {
    let served = Served::start().await;
    let mut client = served.connect(&[]).await;
    assert!(get(&mut client).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test(start_paused = true)]
async fn http_2_is_preferred() {
    let served = Served::start().await;
    let client = served.connect(&["http/1.1", "h2"]).await;
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
}

#[tokio::test(start_paused = true)]
async fn a_configuration_with_protocols_of_its_own_keeps_them() {
    let served = Served::start().await;
    let mut config = ServerConfig::clone(&served.tls.config());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let served = Served::with(served.authority, Tls::new(config)).await;
    let client = served.connect(&["h2", "http/1.1"]).await;
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_begins_no_handshake_is_cut_at_the_deadline() {
    let served = Served::start().await;
    let (start, mut socket) = (Instant::now(), served.socket().await);
    assert_eq!(socket.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(start.elapsed().as_secs(), DEADLINE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_drips_in_is_cut_at_the_deadline() {
    let served = Served::start().await;
    let (start, mut socket) = (Instant::now(), served.socket().await);
    // The header of a handshake record of 512 bytes.
    for byte in [0x16, 3, 1, 2, 0].into_iter().chain([1; 30]) {
        if socket.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(DEADLINE / 10).await;
    }
    let _ = socket.read(&mut [0]).await;
    assert!(start.elapsed() <= DEADLINE + DEADLINE / 10, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_silent_after_the_handshake_is_cut_at_the_deadline_from_accept() {
    for alpn in [&["http/1.1"][..], &["h2"], &[]] {
        let served = Served::start().await;
        let start = Instant::now();
        let mut client = served.connect(alpn).await;
        sleep(DEADLINE / 2).await;
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
        assert_eq!(start.elapsed().as_secs(), DEADLINE.as_secs(), "{alpn:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_handshake_delays_no_other_client() {
    let served = Served::start().await;
    let (start, _slow) = (Instant::now(), served.socket().await);
    let mut client = served.connect(&["http/1.1"]).await;
    get(&mut client).await;
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_not_tls_end_only_their_connection() {
    let served = Served::start().await;
    let mut socket = served.socket().await;
    socket.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(served.seen.ends(), [End::Refused(Refusal::Tls)]);
    get(&mut served.connect(&["http/1.1"]).await).await;
}

// As the probes of a balancer do, which would hide handshakes that really fail.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_before_the_end_of_the_handshake_is_not_refused() {
    let served = Served::start().await;
    for begin in [&b""[..], &[0x16, 3, 1]] {
        let mut socket = served.socket().await;
        socket.write_all(begin).await.unwrap();
        drop(socket);
        sleep(DEADLINE / 10).await;
    }
    assert_eq!(served.seen.ends(), [End::Error; 2]);
}
