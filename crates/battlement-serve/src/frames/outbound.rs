//! The frames that the server sends.

use super::{
    head::{code, flag, kind},
    reader::{Prefix, Reader},
};

/// The number of frames of each counted kind among the bytes of one write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// RST_STREAM with an error of the client.
    pub(crate) provoked: u32,
    /// RST_STREAM for a stream that had ended.
    pub(crate) late: u32,
    /// Frames that end a response.
    pub(crate) responses: u32,
    /// Frames that a client may follow with a PING: DATA, HEADERS and our own PING.
    pub(crate) pingable: u32,
    /// A GOAWAY with the error ENHANCE_YOUR_CALM, from one of h2's own limits.
    pub(crate) is_calming: bool,
}

/// Counts the frames of the server.
#[derive(Debug)]
pub(crate) struct Outbound {
    reader: Reader,
    /// The highest stream that a GOAWAY has allowed.
    last_stream: u32,
    has_failed: bool,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { reader: Reader::default(), last_stream: u32::MAX >> 1, has_failed: false }
    }
}

impl Outbound {
    /// Counts the frames whose headers, and error codes, end in `bytes`.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Sent {
        let Self { reader, last_stream, has_failed } = self;
        let mut sent = Sent::default();
        reader.read(bytes, |head, prefix| match head.kind {
            kind::DATA | kind::HEADERS => {
                sent.pingable += 1;
                sent.responses += u32::from(head.has(flag::END_STREAM));
            }
            kind::PING => sent.pingable += u32::from(!head.has(flag::ACK)),
            kind::RST_STREAM => sent.reset(first(prefix)),
            kind::GOAWAY => {
                let code = second(prefix);
                *last_stream = first(prefix).min(*last_stream);
                *has_failed |= code != code::NO_ERROR;
                sent.is_calming |= code == code::ENHANCE_YOUR_CALM;
            }
            _ => {}
        });
        sent
    }

    /// Returns the highest stream that a GOAWAY may name, unless no further frame can be written: within a frame, and
    /// after a GOAWAY with an error.
    pub(crate) fn open_until(&self) -> Option<u32> {
        let is_open = self.reader.is_between_frames() && !self.has_failed;
        is_open.then_some(self.last_stream)
    }
}

impl Sent {
    /// Counts an RST_STREAM. Codes that a service chooses, such as NO_ERROR after an early response, do not count.
    fn reset(&mut self, code: u32) {
        match code {
            code::PROTOCOL_ERROR
            | code::FLOW_CONTROL_ERROR
            | code::FRAME_SIZE_ERROR
            | code::REFUSED_STREAM
            | code::COMPRESSION_ERROR => self.provoked += 1,
            code::STREAM_CLOSED => self.late += 1,
            _ => {}
        }
    }
}

const fn first(prefix: Prefix) -> u32 {
    let [a, b, c, d, ..] = prefix;
    u32::from_be_bytes([a, b, c, d])
}

const fn second(prefix: Prefix) -> u32 {
    let [.., a, b, c, d] = prefix;
    u32::from_be_bytes([a, b, c, d])
}
