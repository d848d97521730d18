use bytes::{Buf, Bytes};
use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::GrpcCode;

const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text+proto";

fn reader(content_type: &'static str) -> WebTrailers {
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
    WebTrailers::of(&HeaderMap::from_iter(headers)).unwrap()
}

fn frame(flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&[flags], &length[..], payload].concat()
}

/// Encodes `bytes` as a sender that flushes after each of `flushes` bytes.
fn base64(bytes: &[u8], flush: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let mut padded = [0; 4];
        padded[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(padded);
        let digit = |nth: usize| match nth <= group.len() {
            true => DIGITS[(bits >> (18 - 6 * nth) & 63) as usize],
            false => b'=',
        };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(flush).flat_map(|flushed| flushed.chunks(3)).flat_map(group).collect()
}

fn read_all(reader: &mut WebTrailers, body: &[u8], piece: usize) -> Option<HeaderMap> {
    let mut trailers = None;
    for piece in body.chunks(piece) {
        let read = reader.read(&Bytes::copy_from_slice(piece));
        assert!(read.is_none() || trailers.is_none(), "trailers are returned once");
        trailers = trailers.or(read);
    }
    trailers
}

fn code(trailers: &str) -> Option<GrpcCode> {
    let read = reader(BINARY).read(&Bytes::from(frame(0x80, trailers.as_bytes())));
    GrpcCode::from_headers(&read.unwrap())
}

proptest! {
    #[test]
    fn the_trailers_are_found_behind_any_messages_in_any_pieces(
        messages in prop::collection::vec((0..2_u8, prop::collection::vec(any::<u8>(), 0..40)), 0..4),
        status in 0..17_usize,
        extra in "[ -~]{0,200}",
        is_text: bool,
        (piece, flush) in (1..64_usize, 1..64_usize),
    ) {
        let fields = format!("x-extra: {extra}\r\ngrpc-status: {status}\r\ngrpc-message: ok\r\n");
        let mut body: Vec<u8> =
            messages.iter().flat_map(|(flags, message)| frame(*flags, message)).collect();
        body.extend(frame(0x80, fields.as_bytes()));
        let (content_type, body) =
            if is_text { (TEXT, base64(&body, flush)) } else { (BINARY, body) };
        let trailers = read_all(&mut reader(content_type), &body, piece).unwrap();
        prop_assert_eq!(GrpcCode::from_headers(&trailers), Some(GrpcCode::ALL[status]));
        prop_assert_eq!(trailers.len(), 1, "fields that judge nothing are not kept");
    }

    #[test]
    fn any_bytes_are_read_without_a_panic_and_in_constant_memory(
        body in prop::collection::vec(any::<u8>(), 0..300), is_text: bool, piece in 1..64_usize,
    ) {
        let content_type = if is_text { TEXT } else { BINARY };
        let trailers = read_all(&mut reader(content_type), &body, piece);
        prop_assert!(trailers.is_none_or(|trailers| trailers.len() <= 2));
    }
}

#[test]
fn a_status_is_found_behind_fields_of_any_length() {
    let long = "x".repeat(1 << 20);
    assert_eq!(
        code(&format!("grpc-message: {long}\r\ngrpc-status: 5\r\n")),
        Some(GrpcCode::NotFound)
    );
    assert!(size_of::<WebTrailers>() < 300);
}

#[test]
fn a_status_is_read_as_senders_write_it() {
    for fields in
        ["grpc-status:0\r\n", "grpc-status: 0", "Grpc-Status: 0\n", " grpc-status : 0 \r\n"]
    {
        assert_eq!(code(fields), Some(GrpcCode::Ok), "{fields:?}");
    }
    assert_eq!(code("grpc-status: 5\r\ngrpc-status: 0\r\n"), Some(GrpcCode::NotFound));
    for fields in ["", "\r\n", "grpc-status\r\n", "grpc-message: 0\r\n"] {
        assert_eq!(code(fields), None, "{fields:?}");
    }
    let long = format!("grpc-status: {}\r\n", "0".repeat(100));
    for fields in ["grpc-status: 17\r\n", "grpc-status: \u{1}0\r\n", &long] {
        assert_eq!(code(fields), Some(GrpcCode::Unknown), "{fields:?}");
    }
}

#[test]
fn the_wait_that_a_server_asks_for_is_returned() {
    let fields = b"grpc-status: 14\r\ngrpc-retry-pushback-ms: 250\r\n";
    let trailers = reader(BINARY).read(&Bytes::from(frame(0x80, fields))).unwrap();
    assert_eq!(trailers["grpc-retry-pushback-ms"], "250");
}

#[test]
fn a_body_without_a_whole_trailer_frame_has_no_trailers() {
    let whole = frame(0x80, b"grpc-status: 0\r\n");
    for body in [&b""[..], &frame(0, b"message"), &whole[..whole.len() - 1], &[2, 0, 0, 0, 0]] {
        let mut reader = reader(BINARY);
        assert_eq!(read_all(&mut reader, body, 3), None, "{body:?}");
        assert!(reader.is_readable());
    }
    let mut text = reader(TEXT);
    assert_eq!(read_all(&mut text, b"not base64", 3), None);
    assert!(text.is_readable(), "a malformed body has no status, and that is known");
}

#[test]
fn trailers_that_are_hidden_are_known_to_be() {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(BINARY));
    assert!(WebTrailers::of(&headers).unwrap().is_readable());
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert!(!WebTrailers::of(&headers).unwrap().is_readable());
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    assert!(WebTrailers::of(&headers).unwrap().is_readable());
    let mut compressed = reader(BINARY);
    assert_eq!(compressed.read(&Bytes::from(frame(0x81, b"zipped"))), None);
    assert!(!compressed.is_readable());
}

/// A buffer that exposes its first piece alone.
struct Shy<'a>(&'a [u8], usize);

impl Buf for Shy<'_> {
    fn remaining(&self) -> usize {
        self.0.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.0[..self.1]
    }

    fn advance(&mut self, _: usize) {}
}

#[test]
fn bytes_that_a_buffer_does_not_expose_are_not_taken_for_trailers() {
    let (message, trailers) = (frame(0, &[7; 100]), frame(0x80, b"grpc-status: 0\r\n"));
    let mut shown = reader(BINARY);
    assert_eq!(shown.read(&Shy(&message, 20)), None);
    assert!(shown.is_readable() && shown.read(&Bytes::from(trailers.clone())).is_some());
    let mut hidden = reader(BINARY);
    assert_eq!(hidden.read(&Shy(&trailers, 20)), None);
    assert!(!hidden.is_readable());
    let chain = Bytes::from(message).chain(Bytes::from(trailers));
    assert!(reader(BINARY).read(&chain).is_some(), "buffers of std show all pieces");
}

#[test]
fn a_response_in_another_framing_has_no_reader() {
    for content_type in ["application/grpc+proto", "application/json", "application/grpc-webby"] {
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        assert!(WebTrailers::of(&HeaderMap::from_iter(headers)).is_none(), "{content_type}");
    }
    assert!(WebTrailers::of(&HeaderMap::new()).is_none());
}
