use std::{fs, time::Duration};

use tokio::time::{Instant, sleep};

/// The pause between two looks at the memory.
const PAUSE: Duration = Duration::from_millis(10);
/// Clock ticks of a second in `/proc/PID/stat`, on every architecture of Linux that Rust supports.
const TICKS: f64 = 100.0;

/// Returns the resident memory of a process in KiB.
pub(crate) fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Returns the most resident memory of a process in KiB until `end`.
pub(crate) async fn most_resident(id: u32, end: Instant) -> u64 {
    let mut most = resident(id);
    while Instant::now() < end {
        sleep(PAUSE).await;
        most = most.max(resident(id));
    }
    most
}

/// Returns the CPU time of a process in seconds.
pub(crate) fn cpu(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // The name, in parentheses, may contain spaces.
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS
}
