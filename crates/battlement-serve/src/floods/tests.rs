use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use tokio::time::Instant;

use super::{Bucket, Flood, FloodLimits, Floods, Rate, TOKEN, longest_block};
use crate::{
    Limits,
    frames::tests::{frame, goaway, reset},
};

const SECOND: Duration = Duration::from_secs(1);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

/// A connection and its clock.
struct Connection {
    floods: Floods,
    now: Instant,
}

impl Connection {
    fn new() -> Self {
        let now = Instant::now();
        Self { floods: Floods::new(&Limits::new(), 0, now), now }
    }

    fn receive(&mut self, bytes: &[u8], times: usize) -> Result<(), Flood> {
        let now = self.now;
        (0..times).try_for_each(|_| self.floods.received(bytes, || now))
    }

    fn send(&mut self, bytes: &[u8], times: usize) -> Result<(), Flood> {
        let now = self.now;
        (0..times).try_for_each(|_| self.floods.sent(bytes, || now))
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }
}

fn cancel() -> Vec<u8> {
    frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())
}

/// Returns a frame that ends a response.
fn response() -> Vec<u8> {
    frame(DATA, 1, 1, b"done")
}

#[test]
fn each_kind_of_frame_is_a_flood_above_its_burst_and_allowed_again_after_a_second() {
    let settings = frame(SETTINGS, 0, 0, &[]);
    let kinds = [
        (Flood::RapidReset, cancel(), 1_000, 100),
        (Flood::Continuation, frame(CONTINUATION, 4, 1, b"x"), 1_000, 100),
        (Flood::EmptyData, frame(DATA, 0, 1, b""), 100, 10),
        (Flood::Settings, settings, 100, 10),
        (Flood::Ping, frame(PING, 0, 0, &[0; 8]), 1_000, 100),
    ];
    for (flood, bytes, burst, per_second) in kinds {
        let mut connection = Connection::new();
        assert_eq!(connection.receive(&bytes, burst), Ok(()), "{flood:?}");
        assert_eq!(connection.receive(&bytes, 1), Err(flood));
        connection.wait(SECOND);
        assert_eq!(connection.receive(&bytes, per_second), Ok(()), "{flood:?}");
        assert_eq!(connection.receive(&bytes, 1), Err(flood));
    }
}

#[test]
fn resets_that_the_client_provokes_are_a_flood_and_late_ones_cost_a_tenth() {
    for (code, burst, per_second) in [(1, 1_000, 100), (7, 1_000, 100), (5, 10_000, 1_000)] {
        let mut connection = Connection::new();
        assert_eq!(connection.send(&reset(code), burst), Ok(()), "code {code}");
        assert_eq!(connection.send(&reset(code), 1), Err(Flood::ProvokedReset));
        connection.wait(SECOND);
        assert_eq!(connection.send(&reset(code), per_second), Ok(()), "code {code}");
        assert_eq!(connection.send(&reset(code), 1), Err(Flood::ProvokedReset));
    }
}

#[test]
fn one_read_with_more_frames_than_the_burst_is_a_flood() {
    let bytes = cancel().repeat(1_001);
    assert_eq!(Connection::new().receive(&bytes, 1), Err(Flood::RapidReset));
}

#[test]
fn a_thousand_cancels_a_minute_for_two_hours_are_no_flood() {
    let mut connection = Connection::new();
    for _ in 0..120 {
        assert_eq!(connection.receive(&cancel(), 1_000), Ok(()));
        connection.wait(60 * SECOND);
    }
}

#[test]
fn a_reset_of_all_streams_every_two_seconds_is_no_flood() {
    let mut connection = Connection::new();
    for _ in 0..1_000 {
        assert_eq!(connection.receive(&cancel().repeat(200), 1), Ok(()));
        connection.wait(2 * SECOND);
    }
}

#[test]
fn each_completed_response_allows_a_reset_of_either_side_and_a_continuation() {
    let mut connection = Connection::new();
    let continuation = frame(CONTINUATION, 4, 1, b"x");
    for _ in 0..100_000 {
        assert_eq!(connection.send(&response(), 1), Ok(()));
        assert_eq!(connection.receive(&cancel(), 1), Ok(()));
        assert_eq!(connection.receive(&continuation, 1), Ok(()));
        assert_eq!(connection.send(&reset(1), 1), Ok(()));
    }
    assert_eq!(connection.receive(&cancel(), 1_001), Err(Flood::RapidReset));
    assert_eq!(connection.receive(&continuation, 1_001), Err(Flood::Continuation));
    assert_eq!(connection.send(&reset(1), 1_001), Err(Flood::ProvokedReset));
}

#[test]
fn responses_do_not_allow_more_settings_and_empty_data() {
    let mut connection = Connection::new();
    let (settings, empty) = (frame(SETTINGS, 0, 0, &[]), frame(DATA, 0, 1, b""));
    let mut turn = |bytes: &[u8]| connection.send(&response(), 1).and(connection.receive(bytes, 1));
    assert_eq!((0..101).map(|_| turn(&settings)).find_map(Result::err), Some(Flood::Settings));
    assert_eq!((0..101).map(|_| turn(&empty)).find_map(Result::err), Some(Flood::EmptyData));
}

#[test]
fn each_frame_of_a_response_and_each_ping_of_the_server_allows_a_ping() {
    let ping = frame(PING, 0, 0, &[0; 8]);
    for sent in [frame(DATA, 0, 1, b"x"), frame(HEADERS, 4, 1, b"x"), ping.clone()] {
        let mut connection = Connection::new();
        for _ in 0..10_000 {
            assert_eq!(connection.send(&sent, 1), Ok(()));
            assert_eq!(connection.receive(&ping, 1), Ok(()));
        }
    }
}

#[test]
fn a_write_without_frames_of_a_response_allows_nothing() {
    let settings = frame(SETTINGS, 1, 0, &[]);
    let mut connection = Connection::new();
    assert_eq!(connection.receive(&frame(PING, 0, 0, &[0; 8]), 1_000), Ok(()));
    assert_eq!(connection.receive(&cancel(), 1_000), Ok(()));
    assert_eq!(connection.send(&settings, 10), Ok(()));
    assert_eq!(connection.receive(&frame(PING, 0, 0, &[0; 8]), 1), Err(Flood::Ping));
    assert_eq!(connection.receive(&cancel(), 1), Err(Flood::RapidReset));
}

#[test]
fn the_responses_and_resets_of_one_write_balance_above_the_burst() {
    let mut connection = Connection::new();
    let both = [response(), reset(1)].concat();
    assert_eq!(connection.send(&both.repeat(5_000), 1), Ok(()));
    assert_eq!(
        connection.send(&[response().repeat(10), reset(1).repeat(1_011)].concat(), 1),
        Err(Flood::ProvokedReset)
    );
    assert_eq!(connection.send(&reset(1), 1_000), Ok(()));
}

#[test]
fn codes_that_a_service_chooses_are_no_flood() {
    for code in [0, 2, 8, 11] {
        assert_eq!(Connection::new().send(&reset(code), 100_000), Ok(()), "code {code}");
    }
}

#[test]
fn a_header_block_that_is_too_long_is_a_flood_at_any_rate() {
    let mut connection = Connection::new();
    let open = frame(CONTINUATION, 0, 1, b"x");
    assert_eq!(connection.receive(&frame(HEADERS, 0, 1, b"x"), 1), Ok(()));
    for _ in 0..5 {
        connection.wait(10 * SECOND);
        assert_eq!(connection.receive(&open, 1), Ok(()));
    }
    connection.wait(10 * SECOND);
    assert_eq!(connection.receive(&open, 1), Err(Flood::Continuation));
}

#[test]
fn a_header_block_may_have_as_many_frames_as_its_largest_list_needs_and_a_quarter_more() {
    let blocks = [1, 16, 63, 64, 96, 1_024].map(|kib| longest_block(kib * 1_024));
    assert_eq!(blocks, [5, 5, 5, 5, 7, 80]);
}

#[test]
fn the_clock_is_not_read_for_frames_without_a_limit() {
    let mut connection = Connection::new();
    let requests =
        [frame(HEADERS, 5, 1, b"x"), frame(DATA, 1, 1, b"x"), frame(8, 0, 0, &[1; 4])].concat();
    let unread = || panic!("the clock was read");
    assert_eq!(connection.floods.received(&requests, unread), Ok(()));
    let responses = [frame(HEADERS, 4, 1, b"x"), response(), reset(0)].concat();
    assert_eq!(connection.floods.sent(&responses, unread), Ok(()));
}

#[test]
fn a_goaway_of_h2_for_empty_data_counts_as_that_flood() {
    let mut connection = Connection::new();
    connection.receive(&frame(DATA, 0, 1, b""), 1).unwrap();
    assert_eq!(connection.send(&goaway(1, 1), 1), Ok(()));
    assert_eq!(connection.send(&goaway(1, 11), 1), Err(Flood::EmptyData));
    let mut connection = Connection::new();
    connection.receive(&frame(HEADERS, 4, 1, b"x"), 1).unwrap();
    assert_eq!(connection.send(&goaway(1, 11), 1), Ok(()));
}

#[test]
fn the_goaway_names_the_last_stream_and_the_flood() {
    let mut connection = Connection::new();
    connection.receive(&frame(HEADERS, 5, 7, b"x"), 1).unwrap();
    let bytes = |connection: &Connection| {
        connection.floods.goaway(Flood::ProvokedReset).map(|goaway| goaway.as_bytes().to_vec())
    };
    let frame_of = |last: u8| {
        let fields = [0, 0, 0, last, 0, 0, 0, 11];
        frame(7, 0, 0, &[&fields[..], b"provoked_reset"].concat())
    };
    assert_eq!(bytes(&connection), Some(frame_of(7)));
    connection.send(&goaway(5, 0), 1).unwrap();
    assert_eq!(bytes(&connection), Some(frame_of(5)));
    connection.send(&response()[..10], 1).unwrap();
    assert_eq!(bytes(&connection), None);
}

#[test]
fn labels_fit_into_the_goaway_and_are_distinct() {
    for (index, flood) in Flood::ALL.iter().enumerate() {
        assert_eq!(*flood as usize, index);
        assert!(flood.as_str().len() <= 15, "{flood:?}");
        assert!(Flood::ALL[..index].iter().all(|other| other.as_str() != flood.as_str()));
    }
}

#[test]
fn a_burst_below_the_number_of_streams_and_zero_are_invalid() {
    let invalid = |limits: FloodLimits, streams| {
        let fields = limits.invalid_fields(streams);
        fields.iter().map(|field| field.field().to_owned()).collect::<Vec<_>>()
    };
    assert!(invalid(FloodLimits::new(), 1_000).is_empty());
    assert_eq!(invalid(FloodLimits::new(), 1_001), ["resets.burst"]);
    let zero = Rate::new(0, 0);
    let one = Rate::new(1, 1);
    let limits = FloodLimits::new().resets(zero).provoked_resets(zero).continuations(zero);
    let limits = limits.empty_data(zero).pings(zero).settings(one);
    let names = ["resets", "provoked_resets", "continuations", "empty_data", "pings"];
    let mut expected: Vec<_> = names
        .iter()
        .flat_map(|name| ["burst", "per_second"].map(|part| format!("{name}.{part}")))
        .collect();
    expected.push("settings.burst".into());
    assert_eq!(invalid(limits, 200), expected);
}

/// An event at a bucket: time passes, tokens are earned, or taken.
#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(u64),
    Earn(u64),
    Take(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0..3_000_000_u64).prop_map(Event::Wait),
        (0..5_u64).prop_map(Event::Earn),
        (1..30_u64).prop_map(Event::Take),
    ];
    vec(event, 0..60)
}

proptest! {
    #[test]
    fn a_bucket_never_gives_more_than_its_burst_and_what_was_added(events in events(), burst in 1..20_u32, per_second in 1..20_u32) {
        let mut bucket = Bucket::full(Rate::new(burst, per_second));
        let (mut added, mut taken) = (0, 0);
        for event in events {
            match event {
                Event::Wait(micros) => {
                    bucket.refill(Duration::from_micros(micros));
                    added += micros * u64::from(per_second);
                }
                Event::Earn(tokens) => {
                    bucket.earn(tokens * TOKEN);
                    added += tokens * TOKEN;
                }
                Event::Take(tokens) => taken += if bucket.exchange(0, tokens * TOKEN) { tokens * TOKEN } else { 0 },
            }
            prop_assert!(taken <= u64::from(burst) * TOKEN + added);
            prop_assert!(!bucket.exchange(0, (u64::from(burst) + 1) * TOKEN));
        }
    }

    #[test]
    fn a_second_in_any_parts_adds_the_rate(parts in vec(0..100_000_u64, 0..10), per_second in 1..1_000_u32) {
        let mut bucket = Bucket::full(Rate::new(per_second, per_second));
        let all = u64::from(per_second) * TOKEN;
        for _ in 0..3 {
            prop_assert!(bucket.exchange(0, all));
            prop_assert!(!bucket.exchange(0, 1));
            let rest = 1_000_000 - parts.iter().sum::<u64>();
            for micros in parts.iter().chain([&rest]) {
                bucket.refill(Duration::from_micros(*micros));
            }
        }
    }
}
