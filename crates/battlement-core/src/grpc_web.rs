use std::io::IoSlice;

use bytes::Buf;
use http::{HeaderMap, header};

use crate::{Wire, wire};

mod base64;
mod fields;

pub(crate) use self::base64::value as base64_value;
use self::{base64::Base64, fields::Fields};

/// The number of pieces of one buffer that are read; servers do not build buffers with more.
const PIECES: usize = 16;

const HEADER: usize = 5;
const COMPRESSED: u8 = 0b0000_0001;
const TRAILERS: u8 = 0b1000_0000;

/// A reader that finds the trailers of a gRPC-Web response in its body.
///
/// Browsers cannot read HTTP trailers, so gRPC-Web sends them as the last length-prefixed frame of the body, marked by
/// the highest bit of its first byte; in `application/grpc-web-text` the frames are base64, padded wherever the sender
/// flushed (gRPC's `PROTOCOL-WEB`). The reader takes the body in pieces of any size, and skips messages. Of the
/// trailers it stores the fields that determine the result of a call (`grpc-status` and `grpc-retry-pushback-ms`), so
/// its memory is constant: about 300 bytes, however long the body and its trailers are.
///
/// [`EndBody`](crate::EndBody) passes the body to the reader that its owner provides by
/// [`OnEnd::web_trailers`](crate::OnEnd::web_trailers).
///
/// # Example
///
/// ```
/// use battlement_core::{GrpcCode, WebTrailers};
/// use bytes::Bytes;
/// use http::{HeaderMap, header};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::CONTENT_TYPE, "application/grpc-web+proto".parse().unwrap());
/// let mut reader = WebTrailers::of(&headers).unwrap();
/// let trailers = reader.read(&Bytes::from_static(b"\x80\0\0\0\x0fgrpc-status:0\r\n")).unwrap();
/// assert_eq!(GrpcCode::from_headers(&trailers), Some(GrpcCode::Ok));
/// ```
#[derive(Debug)]
pub struct WebTrailers {
    base64: Option<Base64>,
    state: State,
    fields: Fields,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first bytes of a frame, and the number of them that have arrived.
    Header([u8; HEADER], usize),
    /// A message, and the number of bytes that are missing.
    Message(u32),
    /// The trailers, and the number of bytes that are missing.
    Trailers(u32),
    /// The trailers were returned, or the body is malformed: the rest is not read.
    Over,
    /// The trailers are hidden from the reader.
    Unreadable,
}

impl WebTrailers {
    /// Returns a reader for the body of a response with `headers`, if it is gRPC-Web.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        if Wire::of(headers) != Wire::GrpcWeb {
            return None;
        }
        let is_encoded =
            headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        let state = if is_encoded { State::Unreadable } else { State::Header([0; HEADER], 0) };
        let base64 = wire::is_web_text(headers).then(Base64::default);
        Some(Self { base64, state, fields: Fields::default() })
    }

    /// Reads the next piece of the body, and returns the trailers with the piece that completes them.
    pub fn read(&mut self, data: &impl Buf) -> Option<HeaderMap> {
        let mut pieces = [IoSlice::new(&[]); PIECES];
        let filled = data.chunks_vectored(&mut pieces);
        let mut hidden = data.remaining();
        for piece in pieces.get(..filled).unwrap_or_default() {
            hidden = hidden.saturating_sub(piece.len());
            if let Some(trailers) = self.piece(piece) {
                return Some(trailers);
            }
        }
        self.hide(hidden);
        None
    }

    /// Returns whether the reader can read the trailers, if there are any. It cannot if a `content-encoding` covers
    /// them, if they are compressed themselves, or if they are in a part of a buffer that [`Buf::chunks_vectored`]
    /// does not return.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.state != State::Unreadable
    }

    fn piece(&mut self, piece: &[u8]) -> Option<HeaderMap> {
        let Some(mut base64) = self.base64 else { return self.bytes(piece) };
        let mut trailers = None;
        for digit in piece {
            match base64.push(*digit) {
                Ok(None) => {}
                Ok(Some(group)) => trailers = self.bytes(group.as_ref()),
                Err(_) => self.state = State::Over,
            }
            if trailers.is_some() || matches!(self.state, State::Over | State::Unreadable) {
                break;
            }
        }
        self.base64 = Some(base64);
        trailers
    }

    fn bytes(&mut self, mut bytes: &[u8]) -> Option<HeaderMap> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Header(header, filled) => self.header(header, filled, bytes),
                State::Message(missing) => {
                    let (_, rest, missing) = split(bytes, missing);
                    self.state = after_message(missing);
                    rest
                }
                State::Trailers(missing) => {
                    let (part, rest, missing) = split(bytes, missing);
                    self.fields.read(part);
                    self.state = State::Trailers(missing);
                    rest
                }
                State::Over | State::Unreadable => return None,
            };
            if self.state == State::Trailers(0) {
                self.state = State::Over;
                return Some(self.fields.take());
            }
        }
        None
    }

    /// Completes the header of a frame as far as `bytes` go, and returns the rest of them.
    fn header<'a>(&mut self, mut header: [u8; HEADER], filled: usize, bytes: &'a [u8]) -> &'a [u8] {
        let (part, rest) = bytes.split_at(bytes.len().min(HEADER - filled));
        header[filled..filled + part.len()].copy_from_slice(part);
        self.state = match filled + part.len() {
            HEADER => begin(header),
            filled => State::Header(header, filled),
        };
        rest
    }

    /// Skips bytes that the buffer does not return, if they belong to a message.
    fn hide(&mut self, hidden: usize) {
        self.state = match (self.state, u32::try_from(hidden)) {
            (state, Ok(0)) => state,
            (State::Message(missing), Ok(hidden)) if self.base64.is_none() && hidden <= missing => {
                after_message(missing - hidden)
            }
            (State::Over, _) => State::Over,
            _ => State::Unreadable,
        };
    }
}

fn begin([flags, length @ ..]: [u8; HEADER]) -> State {
    let length = u32::from_be_bytes(length);
    match flags {
        0 | COMPRESSED => after_message(length),
        TRAILERS => State::Trailers(length),
        flags if flags == TRAILERS | COMPRESSED => State::Unreadable,
        _ => State::Over,
    }
}

const fn after_message(missing: u32) -> State {
    match missing {
        0 => State::Header([0; HEADER], 0),
        missing => State::Message(missing),
    }
}

/// Splits off the part that belongs to a frame with `missing` bytes, and returns the number that is still missing.
fn split(bytes: &[u8], missing: u32) -> (&[u8], &[u8], u32) {
    let taken = usize::try_from(missing).map_or(bytes.len(), |missing| bytes.len().min(missing));
    let (part, rest) = bytes.split_at(taken);
    (part, rest, missing - u32::try_from(taken).unwrap_or(missing))
}

#[cfg(test)]
mod tests;
