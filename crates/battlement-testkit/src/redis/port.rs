use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// Below the ports that systems give to outgoing connections, so that none of those takes a port between
/// a kill and the restart.
const RANGE: Range<u32> = 12_000..32_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A port that nobody listens on at the moment.
pub(super) fn free() -> io::Result<u16> {
    let size = RANGE.len() as u32;
    for _ in 0..size {
        let nth = start_of_process().wrapping_add(NEXT.fetch_add(1, Relaxed)) % size;
        let port = u16::try_from(RANGE.start + nth).unwrap_or(u16::MAX);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Test processes that run at once begin far from each other.
fn start_of_process() -> u32 {
    std::process::id().wrapping_mul(97)
}
