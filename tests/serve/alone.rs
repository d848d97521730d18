//! The memory of a server under waves of slow clients. The test measures a whole process, so it runs alone.

use std::{array, fs, net::SocketAddr, time::Duration};

use battlement_testkit::client::Raw;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{descriptors, running::Running};

const CLIENTS: usize = 2_000;
const WAVES: usize = 8;
/// The pause between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(10);

// A bare loop of hyper grows in the same way at first: the allocator does not find a place for each allocation of the
// second wave among those that the first has freed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_memory_of_waves_of_slow_clients_levels_off() {
    descriptors::allow(2 * CLIENTS as u64);
    // Longer than it takes to open all connections of a wave.
    let service = Running::after("ulimit -n 8192", &["first_request=2"]).await;
    let mut waves = [0; WAVES];
    for most in &mut waves {
        *most = wave(&service).await;
    }
    assert!(levels_off(&waves), "KiB of each wave: {waves:?}");
    assert!(service.terminate().await.success());
}

/// Returns whether the last three of `waves` took at most a twentieth more memory than those before: less than 0.6 KiB for
/// each of their connections.
fn levels_off(waves: &[u64; WAVES]) -> bool {
    let (first, last) = waves.split_at(WAVES - 3);
    let [first, last] = [first, last].map(|waves| waves.iter().max().unwrap());
    *last <= first + first / 20
}

#[test]
fn memory_that_grows_by_1_kib_for_each_connection_does_not_level_off() {
    // A run of the test above.
    let waves: [u64; WAVES] = [44_600, 59_800, 65_800, 67_100, 68_200, 68_500, 68_500, 68_500];
    assert!(levels_off(&waves));
    let leak_of_wave = CLIENTS as u64;
    let leaking = array::from_fn(|nth| waves[nth] + nth as u64 * leak_of_wave);
    assert!(!levels_off(&leaking), "{leaking:?}");
}

/// Lets clients send the half of a head, and waits until the service has closed each of their connections. Returns the most
/// resident memory of the service meanwhile, in KiB.
async fn wave(service: &Running) -> u64 {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(client(service.app));
    }
    let (mut ended, mut most) = (Box::pin(clients.join_all()), 0);
    loop {
        most = most.max(resident(service.process.id()));
        if timeout(PAUSE, &mut ended).await.is_ok() {
            return most;
        }
    }
}

async fn client(addr: SocketAddr) {
    let mut client = Raw::connect(addr).await.unwrap();
    client.write("GET / HTTP/1.1\r\nhost: te").await.unwrap();
    let start = Instant::now();
    // A server that drops unread bytes resets the connection.
    let _ = client.read_to_end().await;
    assert!(start.elapsed() < Duration::from_secs(20), "closed after {:?}", start.elapsed());
}

/// Returns the resident memory of a process in KiB.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
