use std::{
    ffi::OsString,
    io,
    os::{linux::net::SocketAddrExt as _, unix::net::SocketAddr, unix::net::UnixDatagram},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use tokio::time::sleep;

use super::*;

/// Binds a socket with an abstract name, and returns it with notifications to it.
fn bound(name: &str, watchdog: Option<Duration>) -> (UnixDatagram, Systemd) {
    let name = format!("battlement-{name}-{}", process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_nonblocking(true).unwrap();
    let systemd = Systemd {
        socket: Some(Socket::connect(&OsString::from(format!("@{name}"))).unwrap()),
        watchdog,
        stop_timeout: Duration::from_secs(90),
        alive: None,
    };
    (socket, systemd)
}

fn received(socket: &UnixDatagram) -> Vec<String> {
    let mut buffer = [0; 128];
    std::iter::from_fn(|| match socket.recv(&mut buffer) {
        Ok(length) => Some(String::from_utf8(buffer[..length].to_vec()).unwrap()),
        Err(error) => (error.kind() != io::ErrorKind::WouldBlock).then(|| error.to_string()),
    })
    .collect()
}

#[test]
fn the_timeout_is_extended_only_if_the_budget_exceeds_it() {
    let (socket, systemd) = bound("stopping", None);
    assert!(systemd.ready().is_none());
    systemd.stopping(Duration::from_secs(90));
    systemd.stopping(Duration::from_secs(91));
    systemd.stop_timeout(Duration::from_secs(20)).stopping(Duration::from_secs(28));
    let extended = |usec| format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={usec}");
    let expected =
        ["READY=1".to_owned(), "STOPPING=1".to_owned(), extended(93_000_000), extended(30_000_000)];
    assert_eq!(received(&socket), expected);
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_hears_only_of_a_service_that_is_alive() {
    let (socket, systemd) = bound("watchdog", Some(Duration::from_secs(10)));
    let alive = Arc::new(AtomicBool::new(true));
    let reads = Arc::clone(&alive);
    let systemd = systemd.alive(move || reads.load(SeqCst));
    let watchdog = systemd.ready();
    sleep(Duration::from_secs(11)).await;
    assert_eq!(received(&socket), ["READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
    alive.store(false, SeqCst);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(received(&socket), [""; 0]);
    alive.store(true, SeqCst);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(received(&socket), ["WATCHDOG=1"]);
    drop(watchdog);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(received(&socket), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_watchdog_without_a_closure_gets_no_messages() {
    let (socket, systemd) = bound("silent", Some(Duration::from_secs(10)));
    let watchdog = systemd.ready();
    sleep(Duration::from_secs(100)).await;
    assert_eq!((received(&socket), watchdog.is_none()), (vec!["READY=1".to_owned()], true));
}

#[test]
fn the_watchdog_of_another_process_is_not_ours() {
    let period = |usec: &str, pid: Option<&str>| {
        watchdog::period(Some(usec.to_owned()), pid.map(str::to_owned), 7)
    };
    assert_eq!(period("3000000", None), Some(Duration::from_secs(3)));
    assert_eq!(period("3000000", Some("7")), Some(Duration::from_secs(3)));
    for (usec, pid) in [("3000000", Some("8")), ("3000000", Some("x")), ("0", None), ("x", None)] {
        assert_eq!(period(usec, pid), None, "{usec} {pid:?}");
    }
    assert_eq!(watchdog::period(None, Some("7".to_owned()), 7), None);
}

#[test]
fn a_socket_of_another_kind_is_an_error() {
    for name in ["vsock:2:1", "", "relative", "/nowhere/at/all", "@battlement-without-a-listener"] {
        assert!(Socket::connect(&OsString::from(name)).is_err(), "{name}");
    }
}

#[test]
fn a_service_manager_that_is_gone_is_no_reason_to_fail() {
    let (socket, systemd) = bound("gone", None);
    drop(socket);
    assert!(systemd.ready().is_none());
    systemd.stopping(Duration::from_secs(1));
}
