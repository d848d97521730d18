//! The frames that the client sends.

use super::{
    head::{Head, flag, kind},
    reader::Reader,
};

/// The number of frames of each counted kind among the bytes of one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// RST_STREAM.
    pub(crate) resets: u32,
    pub(crate) continuations: u32,
    /// DATA without a payload that does not end its stream.
    pub(crate) empty_data: u32,
    /// SETTINGS, with acknowledgements.
    pub(crate) settings: u32,
    /// PING, with acknowledgements.
    pub(crate) pings: u32,
    /// A header block continues for longer than [`Inbound::longest_block`].
    pub(crate) is_block_too_long: bool,
}

/// Counts the frames of a client.
#[derive(Debug)]
pub(crate) struct Inbound {
    reader: Reader,
    /// The highest stream that the client has opened.
    last_stream: u32,
    /// The type of the last frame.
    last_kind: u8,
    has_settings: bool,
    is_block_open: bool,
    /// CONTINUATION frames of the current header block that do not end it.
    block: u32,
    longest_block: u32,
}

impl Inbound {
    /// Creates a counter that ignores the first `skip` bytes. A header block of more than `longest_block` CONTINUATION
    /// frames, without the one that ends it, is too long.
    pub(crate) fn new(skip: u32, longest_block: u32) -> Self {
        Self {
            reader: Reader::after(skip),
            last_stream: 0,
            last_kind: 0,
            has_settings: false,
            is_block_open: false,
            block: 0,
            longest_block,
        }
    }

    /// Counts the frames whose headers end in `bytes`.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Received {
        let Self { reader, last_stream, last_kind, block, longest_block, .. } = self;
        let (has_settings, is_block_open) = (&mut self.has_settings, &mut self.is_block_open);
        let mut received = Received::default();
        reader.read(bytes, |head, _| {
            *last_kind = head.kind;
            match head.kind {
                kind::DATA if is_empty(head) => received.empty_data += 1,
                kind::HEADERS => {
                    *last_stream = head.stream.max(*last_stream);
                    *is_block_open = !head.has(flag::END_HEADERS);
                    *block = 0;
                }
                kind::RST_STREAM => received.resets += 1,
                kind::SETTINGS => {
                    *has_settings = true;
                    received.settings += 1;
                }
                kind::PING => received.pings += 1,
                kind::CONTINUATION => {
                    *is_block_open = !head.has(flag::END_HEADERS);
                    received.continuations += 1;
                    *block += u32::from(!head.has(flag::END_HEADERS));
                    received.is_block_too_long |= *block > *longest_block;
                }
                _ => {}
            }
        });
        received
    }

    /// Returns the highest stream that the client has opened, or 0.
    pub(crate) const fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Returns whether the client has sent SETTINGS.
    pub(crate) const fn has_settings(&self) -> bool {
        self.has_settings
    }

    /// Returns whether the bytes so far end within a header block.
    pub(crate) const fn is_in_block(&self) -> bool {
        let is_block = matches!(self.last_kind, kind::HEADERS | kind::CONTINUATION);
        self.is_block_open || is_block && !self.reader.is_between_frames()
    }

    /// Returns whether the last frame was DATA.
    pub(crate) const fn ends_with_data(&self) -> bool {
        self.last_kind == kind::DATA
    }
}

const fn is_empty(head: Head) -> bool {
    head.length == 0 && !head.has(flag::END_STREAM)
}
