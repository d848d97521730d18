//! The body of a gRPC-Web response: its trailers are the same in whatever pieces it comes.
#![no_main]

use battlement_core::WebTrailers;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

fn trailers(content_type: &'static str, body: &[u8], piece: usize) -> Option<HeaderMap> {
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
    let mut reader =
        WebTrailers::of(&HeaderMap::from_iter(headers)).expect("the content type is gRPC-Web");
    let mut found = None;
    for piece in body.chunks(piece) {
        let read = reader.read(&Bytes::copy_from_slice(piece));
        assert!(read.is_none() || found.is_none(), "trailers are returned once");
        found = found.or(read);
    }
    assert!(found.as_ref().is_none_or(|trailers| trailers.len() <= 2));
    found
}

fuzz_target!(|body: &[u8]| {
    for content_type in ["application/grpc-web", "application/grpc-web-text"] {
        let whole = trailers(content_type, body, body.len().max(1));
        for piece in [1, 3, 7] {
            assert_eq!(trailers(content_type, body, piece), whole);
        }
    }
});
