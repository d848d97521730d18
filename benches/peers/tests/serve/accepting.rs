//! Servers without free file descriptors, each in a process of its own.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};

use battlement_testkit::{eventually, process::Process};

const DEADLINE: Duration = Duration::from_secs(20);
/// The time for which descriptors are exhausted.
const EXHAUSTED: Duration = Duration::from_secs(2);
const DESCRIPTORS: usize = 64;
const PEERS: [&str; 3] = ["axum", "axum-server", "tonic"];

/// Starts a server with few descriptors.
async fn start(peer: &str) -> (Process, SocketAddr) {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_serve-peers");
    let script = format!("ulimit -n {DESCRIPTORS}; exec {program} {peer}");
    let process = Process::start(command.args(["-c", &script])).unwrap();
    let line = process.line("listens on", DEADLINE).await.unwrap();
    (process, line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// Returns whether a process has opened all the descriptors that it may have.
fn is_exhausted(process: &Process) -> bool {
    let is_open = |nth| fs::exists(format!("/proc/{}/fdinfo/{nth}", process.id())).unwrap();
    (0..DESCRIPTORS).all(is_open)
}

/// Returns the CPU time of a process. Linux counts it in hundredths of a second.
fn cpu(process: &Process) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |nth: usize| fields[nth].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// Takes all descriptors of a server by connections that have sent this much.
async fn exhaust(process: &Process, addr: SocketAddr, sent: &[u8]) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(sent).unwrap();
        stream
    };
    let held = (0..100).map(connect).collect();
    assert!(eventually(DEADLINE, || is_exhausted(process)).await);
    held
}

/// Returns whether a new client gets an answer within this time.
fn is_answered(addr: SocketAddr, within: Duration) -> bool {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(within)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n").unwrap();
    stream.read(&mut [0; 1]).is_ok_and(|read| read > 0)
}

#[tokio::test]
async fn half_heads_take_all_descriptors_and_other_clients_get_no_answer() {
    for peer in ["axum", "axum-server"] {
        let (process, addr) = start(peer).await;
        assert!(is_answered(addr, DEADLINE), "{peer}");
        let _held = exhaust(&process, addr, b"GET / HTT").await;
        assert!(!is_answered(addr, EXHAUSTED), "{peer}");
    }
}

#[tokio::test]
async fn tonic_spins_without_free_descriptors() {
    for peer in PEERS {
        let (process, addr) = start(peer).await;
        let _held = exhaust(&process, addr, b"").await;
        let before = cpu(&process);
        tokio::time::sleep(EXHAUSTED).await;
        let busy = cpu(&process) - before;
        // A busy machine gives a thread that spins less than a core.
        let spins = busy > EXHAUSTED / 4;
        assert_eq!(spins, peer == "tonic", "{peer} {busy:?}");
    }
}
