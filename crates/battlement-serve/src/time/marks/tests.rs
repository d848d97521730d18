use std::{hint, sync::atomic::Ordering::SeqCst, thread};

use super::*;

/// More than enough for two threads to meet at the same instruction: if only an end that sees no other request in flight
/// stored its time, hundreds of rounds would fail on two free processors.
const ROUNDS: usize = 10_000;

fn open() -> Marks {
    let marks = Marks::new(Instant::now());
    marks.begin(false);
    marks.end();
    marks
}

#[test]
fn bytes_between_requests_begin_a_head() {
    let marks = open();
    assert!(!marks.view().head_begun);
    marks.read(b"G");
    assert!(marks.view().head_begun);
    assert_eq!(marks.begin(false), 2);
    assert!(!marks.view().head_begun);
    marks.read(b"the body of the request");
    assert!(!marks.view().head_begun);
}

#[test]
fn empty_lines_do_not_begin_a_head() {
    let marks = open();
    marks.read(b"\r\n\r\n");
    assert!(!marks.view().head_begun);
    marks.read(b"\r\nGET /");
    assert!(marks.view().head_begun);
}

#[test]
fn bytes_after_the_response_may_belong_to_the_body_of_the_request() {
    let marks = open();
    marks.begin(true);
    marks.end();
    marks.read(b"the rest of the body");
    assert!(!marks.view().head_begun);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_idle_from_the_end_of_its_last_request() {
    let start = Instant::now();
    let marks = Marks::new(start);
    assert!(!marks.view().opened);
    marks.begin(false);
    marks.begin(false);
    tokio::time::advance(Duration::from_secs(1)).await;
    marks.end();
    assert!(marks.view().opened && marks.view().in_flight);
    tokio::time::advance(Duration::from_secs(1)).await;
    marks.end();
    let view = marks.view();
    assert!(!view.in_flight);
    assert_eq!((view.requests, view.idle_since - start), (2, Duration::from_secs(2)));
}

// Whichever of two ends comes last, the connection has the time of one of them.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_request_is_stored_also_while_another_one_is_in_flight() {
    let start = Instant::now();
    let marks = open();
    marks.begin(false);
    marks.begin(false);
    tokio::time::advance(Duration::from_secs(1)).await;
    marks.end();
    let view = marks.view();
    assert_eq!((view.in_flight, view.idle_since - start), (true, Duration::from_secs(1)));
}

/// Lets two threads go on at the same time, closer than a barrier wakes them.
fn meet(arrived: &AtomicUsize, round: usize) {
    arrived.fetch_add(1, SeqCst);
    let mut spins = 0;
    while arrived.load(SeqCst) < 2 * round {
        spins += 1;
        // The other thread may have no processor.
        if spins % 1_000 == 0 { thread::yield_now() } else { hint::spin_loop() }
    }
}

#[test]
fn a_connection_is_idle_from_the_end_of_the_last_of_two_requests_that_end_at_once() {
    let (marks, arrived, mut wrong) = (open(), AtomicUsize::new(0), 0);
    thread::scope(|scope| {
        let end_at_once = |round| {
            meet(&arrived, 2 * round + 1);
            marks.end();
            meet(&arrived, 2 * round + 2);
        };
        scope.spawn(move || (0..ROUNDS).for_each(end_at_once));
        for round in 0..ROUNDS {
            marks.begin(false);
            marks.begin(false);
            let start = Instant::now();
            end_at_once(round);
            let view = marks.view();
            wrong += usize::from(view.in_flight || view.idle_since < start);
        }
    });
    assert_eq!(wrong, 0);
}

/// Returns the header of a frame without a payload.
const fn frame(kind: u8, flags: u8) -> [u8; 9] {
    [0, 0, 0, kind, flags, 0, 0, 0, 0]
}

#[tokio::test(start_paused = true)]
async fn an_http_2_connection_is_idle_from_its_settings_on() {
    let start = Instant::now();
    let (marks, mut frames) = (Marks::new(start), Inbound::new(0, 1));
    for expected in [None, Some(Duration::from_secs(2)), Some(Duration::from_secs(2))] {
        let view = marks.view();
        assert_eq!(view.opened.then(|| view.idle_since - start), expected);
        tokio::time::advance(Duration::from_secs(2)).await;
        frames.read(&frame(4, 0));
        marks.read_frames(&frames);
    }
}

#[test]
fn a_header_block_is_a_head_until_its_last_frame() {
    let (marks, mut frames) = (open(), Inbound::new(0, 1));
    let headers = frame(1, 0);
    let steps: [(&[u8], bool); 5] = [
        (&frame(6, 0)[..4], false),
        (&frame(6, 0)[4..], false),
        (&headers[..], true),
        (&frame(9, 4)[..3], true),
        (&frame(9, 4)[3..], false),
    ];
    for (bytes, expected) in steps {
        frames.read(bytes);
        marks.read_frames(&frames);
        assert_eq!(marks.view().head_begun, expected, "{bytes:?}");
    }
}

#[test]
fn a_blocked_socket_makes_progress_when_it_takes_bytes() {
    let marks = open();
    let before = marks.view().progress;
    marks.written();
    assert_eq!((marks.view().blocked, marks.view().progress), (false, before));
    marks.write_blocked();
    assert_eq!((marks.view().blocked, marks.view().progress), (true, before));
    marks.written();
    assert!(!marks.view().blocked && marks.view().progress != before);
}

#[test]
fn a_connection_is_blocked_while_it_holds_data_even_if_the_socket_takes_other_bytes() {
    let marks = open();
    marks.hold();
    marks.hold();
    marks.release();
    let before = marks.view().progress;
    marks.written();
    assert_eq!((marks.view().blocked, marks.view().progress), (true, before));
    marks.progress();
    assert!(marks.view().progress != before);
    marks.release();
    assert!(!marks.view().blocked);
}

#[test]
fn only_a_begun_head_a_blocked_write_and_held_data_press() {
    let marks = open();
    assert!(!marks.are_pressing());
    marks.read(b"G");
    assert!(marks.are_pressing());
    marks.begin(false);
    assert!(!marks.are_pressing());
    marks.write_blocked();
    assert!(marks.are_pressing());
    marks.written();
    marks.hold();
    assert!(marks.are_pressing());
    marks.release();
    assert!(!marks.are_pressing());
}
