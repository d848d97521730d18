//! The GOAWAY frame that ends a connection.

use super::head::{LENGTH, code, kind};

/// The last stream and the error code.
const FIELDS: usize = 8;
/// Room for a reason.
const REASON: usize = 15;

/// An encoded GOAWAY frame with the error ENHANCE_YOUR_CALM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goaway {
    bytes: [u8; LENGTH + FIELDS + REASON],
    length: usize,
}

impl Goaway {
    /// Encodes the frame. The server may have processed streams up to `last_stream`; `reason` is for people who debug
    /// the client, and is cut after 15 bytes.
    pub(crate) fn new(last_stream: u32, reason: &str) -> Self {
        let reason = &reason.as_bytes()[..reason.len().min(REASON)];
        let payload = FIELDS + reason.len();
        let mut bytes = [0; LENGTH + FIELDS + REASON];
        bytes[2] = payload as u8;
        bytes[3] = kind::GOAWAY;
        bytes[LENGTH..][..4].copy_from_slice(&last_stream.to_be_bytes());
        bytes[LENGTH + 4..][..4].copy_from_slice(&code::ENHANCE_YOUR_CALM.to_be_bytes());
        bytes[LENGTH + FIELDS..][..reason.len()].copy_from_slice(reason);
        Self { bytes, length: LENGTH + payload }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
