use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// Below the ephemeral port range, so that no outgoing connection takes a port between a kill and the restart.
const RANGE: Range<u32> = 12_000..32_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Returns a port that is currently free.
pub(super) fn free() -> io::Result<u16> {
    let size = RANGE.len() as u32;
    for _ in 0..size {
        let offset = process_offset().wrapping_add(NEXT.fetch_add(1, Relaxed)) % size;
        let port = u16::try_from(RANGE.start + offset).unwrap_or(u16::MAX);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Returns an offset that differs widely between test processes, so that they try different ports.
fn process_offset() -> u32 {
    std::process::id().wrapping_mul(97)
}
