use super::{
    Service,
    peer::{DATA, END_HEADERS, END_STREAM, HEADERS, cancel, frame, get, request},
};

/// The number of streams that a client may open at once.
const STREAMS: u32 = 200;

#[tokio::test]
async fn a_thousand_cancels_end_nothing() {
    let service = Service::start().await;
    let mut peer = service.connect().await;
    for _ in 0..5 {
        // hyper reads the frames of one write before it accepts a stream, and allows 20 of them to be reset.
        let cancelled = |stream| [request(stream, "/hang"), cancel(stream)].concat();
        let streams = peer.streams(STREAMS);
        peer.write(&streams.flat_map(cancelled).collect::<Vec<_>>()).await;
        peer.is_answered(1, "/").await;
    }
    assert!(service.has_in_flight(0).await);
}

#[tokio::test]
async fn a_reset_of_all_open_streams_at_once_ends_nothing() {
    let service = Service::start().await;
    let mut peer = service.connect().await;
    for _ in 0..4 {
        let streams = peer.streams(STREAMS);
        peer.write(
            &streams.clone().flat_map(|stream| request(stream, "/hang")).collect::<Vec<_>>(),
        )
        .await;
        assert!(service.has_in_flight(STREAMS as usize).await);
        peer.write(&streams.flat_map(cancel).collect::<Vec<_>>()).await;
        assert!(service.has_in_flight(0).await);
        peer.is_answered(1, "/").await;
    }
}

#[tokio::test]
async fn a_client_that_cancels_as_many_requests_as_it_reads_responses_is_never_limited() {
    let service = Service::start().await;
    let mut peer = service.connect().await;
    for _ in 0..30 {
        let streams = peer.streams(100);
        let cancelled = |stream| [request(stream, "/hang"), cancel(stream)].concat();
        peer.write(&streams.flat_map(cancelled).collect::<Vec<_>>()).await;
        peer.is_answered(100, "/").await;
    }
}

#[tokio::test]
async fn a_connection_outlives_more_resets_of_invalid_requests_than_hyper_counts_in_its_life() {
    // `content-length: 5` on a request without a body.
    let invalid = |stream| {
        frame(
            HEADERS,
            END_HEADERS | END_STREAM,
            stream,
            &[&get("/")[..], &[0x0f, 0x0d, 1, b'5']].concat(),
        )
    };
    let service = Service::start().await;
    let mut peer = service.connect().await;
    for _ in 0..22 {
        let streams = peer.streams(50);
        peer.write(&streams.flat_map(invalid).collect::<Vec<_>>()).await;
        peer.is_answered(50, "/").await;
    }
}

#[tokio::test]
async fn uploads_that_are_answered_before_their_end_are_no_flood() {
    let service = Service::start().await;
    let mut peer = service.connect().await;
    for _ in 0..22 {
        let streams = peer.streams(100);
        let start = |stream| frame(HEADERS, END_HEADERS, stream, &get("/early"));
        peer.write(&streams.clone().flat_map(start).collect::<Vec<_>>()).await;
        peer.answers(streams.clone()).await;
        // These were on their way when the server reset their streams.
        let late = |stream| frame(DATA, 0, stream, &[b'x'; 512]).repeat(4);
        peer.write(&streams.flat_map(late).collect::<Vec<_>>()).await;
    }
    peer.is_answered(1, "/").await;
    assert_eq!(service.floods(), []);
}
