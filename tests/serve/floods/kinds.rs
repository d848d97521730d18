use battlement::serve::{End, Flood};
use battlement_testkit::eventually;

use super::{
    DEADLINE, Service,
    peer::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PING, SETTINGS,
        WINDOW_UPDATE, cancel, frame, get, request,
    },
};

const ENHANCE_YOUR_CALM: u8 = 11;

/// Returns half as many frames more of each kind as a client may send at once, which is more than a second adds.
fn floods() -> [(Flood, Vec<u8>); 7] {
    let streams = |each: fn(u32) -> Vec<u8>| {
        (0..1_500).flat_map(move |stream| each(2 * stream + 1)).collect()
    };
    let on_one_stream =
        |frames: Vec<u8>| [frame(HEADERS, END_HEADERS, 1, &get("/hang")), frames].concat();
    let block =
        [frame(HEADERS, 0, 1, &get("/hang")), frame(CONTINUATION, 0, 1, b"").repeat(6)].concat();
    [
        (Flood::RapidReset, streams(|stream| [request(stream, "/hang"), cancel(stream)].concat())),
        (
            Flood::ProvokedReset,
            streams(|stream| [request(stream, "/hang"), overflow(stream)].concat()),
        ),
        // The first 200 streams stay open.
        (
            Flood::ProvokedReset,
            (0..1_700).flat_map(|stream| request(2 * stream + 1, "/hang")).collect(),
        ),
        (Flood::Continuation, block),
        (Flood::EmptyData, on_one_stream(frame(DATA, 0, 1, b"").repeat(150))),
        (Flood::Settings, frame(SETTINGS, 0, 0, b"").repeat(150)),
        (Flood::Ping, frame(PING, 0, 0, b"flooding").repeat(1_500)),
    ]
}

/// Encodes a window that overflows, so that the server resets the stream.
fn overflow(stream: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes())
}

/// Returns the error code and the reason of a GOAWAY.
fn reason(frame: &Frame) -> (u8, &str) {
    (frame.payload[7], str::from_utf8(&frame.payload[8..]).unwrap())
}

#[tokio::test]
async fn each_flood_ends_its_connection_with_a_goaway_that_names_it() {
    for (flood, bytes) in floods() {
        let service = Service::start().await;
        let mut peer = service.connect().await;
        peer.write(&bytes).await;
        let frames = peer.read_to_end().await;
        let last = frames.last().unwrap();
        assert_eq!((last.kind, reason(last)), (GOAWAY, (ENHANCE_YOUR_CALM, flood.as_str())));
        let ends = || service.seen.ends.lock().unwrap().clone();
        assert!(
            eventually(DEADLINE, || ends() == [End::Flood(flood)]).await,
            "{flood:?}: {:?}",
            ends()
        );
        assert_eq!(service.floods(), [flood]);
        assert!(service.has_in_flight(0).await, "{flood:?}");
    }
}

#[tokio::test]
async fn a_flood_that_arrives_byte_by_byte_ends_its_connection() {
    let service = Service::start().await;
    let mut peer = service.connect().await;
    for byte in frame(SETTINGS, 0, 0, b"").repeat(150) {
        peer.write(&[byte]).await;
    }
    let frames = peer.read_to_end().await;
    assert_eq!(frames.last().map(reason), Some((ENHANCE_YOUR_CALM, "settings")));
}

#[tokio::test]
async fn a_flood_on_one_connection_leaves_the_others_open() {
    let service = Service::start().await;
    let (mut peer, mut other) = (service.connect().await, service.connect().await);
    other.is_answered(1, "/").await;
    peer.write(&frame(PING, 0, 0, b"flooding").repeat(1_500)).await;
    let frames = peer.read_to_end().await;
    assert_eq!(frames.last().map(reason), Some((ENHANCE_YOUR_CALM, "ping")));
    other.is_answered(1, "/").await;
}

#[tokio::test]
async fn invalid_frames_that_h2_ends_at_once_are_no_flood() {
    let zero =
        |stream| [request(stream, "/hang"), frame(WINDOW_UPDATE, 0, stream, &[0; 4])].concat();
    let late =
        |stream| [request(stream, "/hang"), frame(DATA, END_STREAM, stream, b"late")].concat();
    for bytes in [zero(1), late(1)] {
        let service = Service::start().await;
        let mut peer = service.connect().await;
        peer.write(&bytes).await;
        let frames = peer.read_to_end().await;
        assert_eq!(frames.last().map(|last| (last.kind, last.payload[7])), Some((GOAWAY, 1)));
        assert!(service.has_in_flight(0).await);
        assert_eq!(service.floods(), []);
    }
}
