//! A service manager that listens on `NOTIFY_SOCKET`.

use std::{
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixDatagram},
    },
    process,
};

use crate::running::{PATIENCE, Running, command};

/// Runs a service that notifies `name`, and returns what `socket` received from the start to the exit.
async fn notified(socket: &UnixDatagram, name: &str, options: &[&str]) -> Vec<String> {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = command(options);
    let service =
        Running::of(command.env("NOTIFY_SOCKET", name).env("WATCHDOG_USEC", "200000")).await;
    let mut messages = vec![receive(socket), receive(socket), receive(socket)];
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    // The service has exited: all its messages are in the socket.
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 128];
    while let Ok(length) = socket.recv(&mut buffer) {
        messages.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
    }
    messages
}

fn receive(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 128];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

/// Asserts the order of the messages, between which the watchdog may have any number of its own.
fn in_order(messages: &[String], stopping: &str) {
    assert_eq!(messages[..3], ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    let others: Vec<_> = messages.iter().filter(|message| *message != "WATCHDOG=1").collect();
    assert_eq!(others, ["READY=1", stopping]);
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_notified_of_the_start_the_life_and_the_end_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let options = ["drain=500", "hooks=500", "budget=3000"];
    let messages = notified(&socket, path.to_str().unwrap(), &options).await;
    in_order(&messages, "STOPPING=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_beyond_the_timeout_of_the_unit_is_announced_over_an_abstract_socket() {
    let name = format!("battlement-shutdown-test-{}", process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    let messages = notified(&socket, &format!("@{name}"), &["budget=5000"]).await;
    in_order(&messages, "STOPPING=1\nEXTEND_TIMEOUT_USEC=7000000");
}
