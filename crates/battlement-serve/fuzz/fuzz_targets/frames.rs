//! Any bytes, in pieces of any size, have the frames that their lengths say, and the counts and the flood of the whole.
#![no_main]

use battlement_serve::fuzz::{flood, frames, received, sent};
use libfuzzer_sys::fuzz_target;

/// The length of a frame header.
const HEADER: usize = 9;

fuzz_target!(|input: &[u8]| {
    // The first byte is the length of the pieces.
    let Some((piece, bytes)) = input.split_first() else { return };
    let pieces: Vec<&[u8]> = bytes.chunks(usize::from(*piece).max(1)).collect();
    assert_eq!(frames(&pieces), split(bytes));
    assert_eq!(received(&pieces), received(&[bytes]));
    assert_eq!(sent(&pieces), sent(&[bytes]));
    // The pieces end with the first flood, and the whole may have several.
    assert_eq!(flood(&pieces).is_some(), flood(&[bytes]).is_some());
});

/// Returns the type, the stream and the length of each frame whose header, and error code, is complete.
fn split(mut bytes: &[u8]) -> Vec<(u8, u32, usize)> {
    let mut frames = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(HEADER) {
        let [a, b, c, kind, _flags, s, t, u, v] = header.try_into().expect("9 bytes");
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let code = match kind {
            3 => 4,
            7 => 8,
            _ => 0,
        };
        if rest.len() < length.min(code) {
            break;
        }
        frames.push((kind, u32::from_be_bytes([s & 0x7f, t, u, v]), length));
        bytes = rest.get(length..).unwrap_or_default();
    }
    frames
}
