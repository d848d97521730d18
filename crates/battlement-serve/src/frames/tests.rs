use proptest::{collection::vec, prelude::*, sample::Index};

use super::{
    Inbound, Outbound, Received,
    head::{Head, kind},
    outbound::Sent,
    reader::{Prefix, Reader},
};

/// Encodes a frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Encodes an RST_STREAM frame of stream 1.
pub(crate) fn reset(code: u32) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, 1, &code.to_be_bytes())
}

/// Encodes a GOAWAY frame.
pub(crate) fn goaway(last_stream: u32, code: u32) -> Vec<u8> {
    let fields = [last_stream.to_be_bytes(), code.to_be_bytes()].concat();
    frame(kind::GOAWAY, 0, 0, &[&fields[..], b"too_many_frames"].concat())
}

type Parts = (u8, u8, u32, Vec<u8>);

fn frames() -> impl Strategy<Value = Vec<Parts>> {
    vec((0..12_u8, any::<u8>(), any::<u32>(), vec(0..4_u8, 0..30)), 0..20)
}

fn encode(frames: &[Parts]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|(kind, flags, stream, data)| frame(*kind, *flags, *stream, data))
        .collect()
}

/// Cuts the bytes at these places.
fn split<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut start = 0;
    ends.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}

fn add_received(a: Received, b: Received) -> Received {
    Received {
        resets: a.resets + b.resets,
        continuations: a.continuations + b.continuations,
        empty_data: a.empty_data + b.empty_data,
        settings: a.settings + b.settings,
        pings: a.pings + b.pings,
        is_block_too_long: a.is_block_too_long | b.is_block_too_long,
    }
}

fn add_sent(a: Sent, b: Sent) -> Sent {
    Sent {
        provoked: a.provoked + b.provoked,
        late: a.late + b.late,
        responses: a.responses + b.responses,
        pingable: a.pingable + b.pingable,
        is_calming: a.is_calming | b.is_calming,
    }
}

proptest! {
    #[test]
    fn each_frame_is_read_once_however_its_bytes_arrive(
        frames in frames(), cuts in vec(any::<Index>(), 0..40), skip in 0..30_u8
    ) {
        let bytes = [vec![0xff; skip.into()], encode(&frames)].concat();
        let mut reader = Reader::after(skip.into());
        let mut read = Vec::new();
        for piece in split(&bytes, &cuts) {
            reader.read(piece, |head, prefix| read.push((head, prefix)));
        }
        prop_assert!(reader.is_between_frames());
        prop_assert_eq!(read, frames.iter().map(expected).collect::<Vec<_>>());
    }

    #[test]
    fn the_pieces_of_any_bytes_have_the_counts_of_the_whole(
        frames in frames(), noise in vec(any::<u8>(), 0..30), cuts in vec(any::<Index>(), 0..40)
    ) {
        let bytes = [encode(&frames), noise].concat();
        let pieces = split(&bytes, &cuts);
        let (mut whole, mut parts) = (Inbound::new(0, 2), Inbound::new(0, 2));
        let received = pieces.iter().map(|piece| parts.read(piece));
        prop_assert_eq!(received.fold(Received::default(), add_received), whole.read(&bytes));
        prop_assert_eq!(parts.last_stream(), whole.last_stream());
        prop_assert_eq!(parts.ends_with_data(), whole.ends_with_data());
        let (mut whole, mut parts) = (Outbound::default(), Outbound::default());
        let sent = pieces.iter().map(|piece| parts.read(piece));
        prop_assert_eq!(sent.fold(Sent::default(), add_sent), whole.read(&bytes));
        prop_assert_eq!(parts.open_until(), whole.open_until());
    }
}

fn expected((kind, flags, stream, data): &Parts) -> (Head, Prefix) {
    let length = u32::try_from(data.len()).unwrap();
    let head = Head { length, kind: *kind, flags: *flags, stream: stream & 0x7fff_ffff };
    let wanted = match *kind {
        kind::RST_STREAM => 4,
        kind::GOAWAY => 8,
        _ => 0,
    };
    let mut prefix = Prefix::default();
    for (to, from) in prefix.iter_mut().zip(data.iter().take(wanted)) {
        *to = *from;
    }
    (head, prefix)
}

#[test]
fn a_frame_counts_when_its_header_has_arrived_and_a_reset_when_its_code_has() {
    let mut inbound = Inbound::new(0, 5);
    let ping = frame(kind::PING, 0, 0, &[0; 8]);
    assert_eq!(inbound.read(&ping[..8]), Received::default());
    assert_eq!(inbound.read(&ping[8..9]), Received { pings: 1, ..Received::default() });
    assert_eq!(inbound.read(&ping[9..]), Received::default());
    let mut outbound = Outbound::default();
    let reset = reset(1);
    assert_eq!(outbound.read(&reset[..12]), Sent::default());
    assert_eq!(outbound.read(&reset[12..]), Sent { provoked: 1, ..Sent::default() });
}

#[test]
fn the_preface_is_not_a_frame() {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let bytes = [&preface[..], &frame(kind::SETTINGS, 0, 0, &[])].concat();
    let received = Inbound::new(24, 5).read(&bytes);
    assert_eq!(received, Received { settings: 1, ..Received::default() });
}

#[test]
fn data_that_is_empty_counts_unless_it_ends_its_stream() {
    let read =
        |flags, payload: &[u8]| Inbound::new(0, 5).read(&frame(kind::DATA, flags, 1, payload));
    assert_eq!(read(0, b"").empty_data, 1);
    assert_eq!(read(1, b"").empty_data, 0);
    assert_eq!(read(0, b"x").empty_data, 0);
}

#[test]
fn a_header_block_is_too_long_after_more_open_continuations_than_allowed() {
    let headers = frame(kind::HEADERS, 0, 1, b"x");
    let open = frame(kind::CONTINUATION, 0, 1, b"");
    let last = frame(kind::CONTINUATION, 4, 1, b"");
    let block = |open_frames| [&headers[..], &open.repeat(open_frames), &last].concat();
    let mut inbound = Inbound::new(0, 2);
    for _ in 0..3 {
        let received = inbound.read(&block(2));
        assert_eq!(received, Received { continuations: 3, ..Received::default() });
    }
    assert!(inbound.read(&block(3)).is_block_too_long);
}

#[test]
fn resets_count_by_their_code() {
    let read = |code| Outbound::default().read(&reset(code));
    for code in [1, 3, 6, 7, 9] {
        assert_eq!(read(code), Sent { provoked: 1, ..Sent::default() }, "code {code}");
    }
    assert_eq!(read(5), Sent { late: 1, ..Sent::default() });
    for code in [0, 2, 4, 8, 10, 11, 12, 13, 14] {
        assert_eq!(read(code), Sent::default(), "code {code}");
    }
}

#[test]
fn frames_that_end_a_response_and_that_allow_a_ping_are_counted() {
    let read = |kind, flags| {
        let sent = Outbound::default().read(&frame(kind, flags, 1, &[0; 8]));
        (sent.responses, sent.pingable)
    };
    assert_eq!((read(kind::HEADERS, 4), read(kind::HEADERS, 5)), ((0, 1), (1, 1)));
    assert_eq!((read(kind::DATA, 0), read(kind::DATA, 1)), ((0, 1), (1, 1)));
    assert_eq!((read(kind::PING, 0), read(kind::PING, 1)), ((0, 1), (0, 0)));
    assert_eq!((read(kind::SETTINGS, 1), read(kind::CONTINUATION, 5)), ((0, 0), (0, 0)));
}

#[test]
fn the_highest_stream_is_that_of_headers() {
    let mut inbound = Inbound::new(0, 5);
    for (kind, stream) in [(kind::HEADERS, 7), (kind::HEADERS, 3), (kind::DATA, 9)] {
        inbound.read(&frame(kind, 0, stream, b"x"));
    }
    assert_eq!(inbound.last_stream(), 7);
}

#[test]
fn a_goaway_can_follow_only_whole_frames_and_names_no_higher_stream_than_before() {
    let mut outbound = Outbound::default();
    assert_eq!(outbound.open_until(), Some(0x7fff_ffff));
    let data = frame(kind::DATA, 0, 1, b"data");
    for end in [1, 9, 12] {
        let mut outbound = Outbound::default();
        outbound.read(&data[..end]);
        assert_eq!(outbound.open_until(), None, "after {end} bytes");
    }
    outbound.read(&goaway(9, 0));
    outbound.read(&goaway(11, 0));
    assert_eq!(outbound.open_until(), Some(9));
    let sent = outbound.read(&goaway(9, 1));
    assert_eq!((sent.is_calming, outbound.open_until()), (false, None));
    assert!(outbound.read(&goaway(9, 11)).is_calming);
}
