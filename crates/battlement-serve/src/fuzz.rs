//! The parsers of what a client or a parent process sends, which only the fuzz targets call directly.

use tokio::time::Instant;

#[cfg(unix)]
use crate::listen::Variables;
use crate::{
    Flood, Limits,
    floods::Floods,
    frames::{Inbound, Outbound, Reader},
};

/// CONTINUATION frames of a header block with default limits.
const LONGEST_BLOCK: u32 = 5;

/// Returns the type, the stream and the length of each frame.
#[must_use]
pub fn frames(pieces: &[&[u8]]) -> Vec<(u8, u32, usize)> {
    let (mut reader, mut frames) = (Reader::default(), Vec::new());
    for piece in pieces {
        reader.read(piece, |head, _| frames.push((head.kind, head.stream, head.length as usize)));
    }
    frames
}

/// Returns the sums of the counts of a client's bytes, and its highest stream.
#[must_use]
pub fn received(pieces: &[&[u8]]) -> [u32; 7] {
    let mut inbound = Inbound::new(0, LONGEST_BLOCK);
    let mut sums = [0; 7];
    for piece in pieces {
        let read = inbound.read(piece);
        sums[0] += read.resets;
        sums[1] += read.continuations;
        sums[2] += read.empty_data;
        sums[3] += read.settings;
        sums[4] += read.pings;
        sums[5] |= u32::from(read.is_block_too_long);
    }
    sums[6] = inbound.last_stream();
    sums
}

/// Returns the sums of the counts of a server's bytes, and the stream that a GOAWAY may name.
#[must_use]
pub fn sent(pieces: &[&[u8]]) -> ([u32; 5], Option<u32>) {
    let mut outbound = Outbound::default();
    let mut sums = [0; 5];
    for piece in pieces {
        let read = outbound.read(piece);
        sums[0] += read.provoked;
        sums[1] += read.late;
        sums[2] += read.responses;
        sums[3] += read.pingable;
        sums[4] |= u32::from(read.is_calming);
    }
    (sums, outbound.open_until())
}

/// Returns the first flood of a client's bytes that arrive at one time.
#[must_use]
pub fn flood(pieces: &[&[u8]]) -> Option<Flood> {
    let now = Instant::now();
    let mut floods = Floods::new(&Limits::new(), 0, now);
    pieces.iter().find_map(|piece| floods.received(piece, || now).err())
}

/// Reads `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` as the process `id`, and returns the name of each descriptor.
#[cfg(unix)]
pub fn read_listen_variables(
    pid: Option<&str>,
    fds: Option<&str>,
    names: Option<&str>,
    id: u32,
) -> Result<Vec<String>, String> {
    Variables { pid, fds, names }.descriptors(id).map_err(|error| error.to_string())
}
