//! The decisions of a [`Watch`], at times that the tests choose.

use std::time::Duration;

use tokio::time::Instant;

use super::{Due, Times, View, Watch};
use crate::TimeoutKind;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A connection that was accepted at `start` and has ended its first request at once.
struct Conn {
    start: Instant,
    watch: Watch,
    view: View,
}

impl Conn {
    fn new(times: Times) -> Self {
        let start = Instant::now();
        let view = View {
            opened: true,
            head_begun: false,
            in_flight: false,
            idle_since: start,
            requests: 1,
            blocked: false,
            progress: 0,
        };
        Self { start, watch: Watch::new(times, start), view }
    }

    /// Looks at the connection at `now`, in seconds, and returns what is due first, and after how many seconds.
    fn next(&mut self, now: u64) -> Option<(u64, Due)> {
        let now = self.start + seconds(now);
        let next = self.watch.next(&self.view, || now);
        next.map(|(at, due)| ((at - self.start).as_secs(), due))
    }

    fn happens(&mut self, due: Due, now: u64) {
        self.watch.happens(due, self.start + seconds(now));
    }

    fn goaway(&mut self, now: u64) {
        self.watch.goaway(self.start + seconds(now));
    }
}

const TIMES: Times = Times {
    first_request: seconds(10),
    header: seconds(11),
    idle: seconds(75),
    write: seconds(30),
    age: None,
    grace: None,
    answer: seconds(12),
    requests: None,
};

const IDLE: Due = Due::Finish(TimeoutKind::Idle);
const AGE: Due = Due::Announce(Some(TimeoutKind::Age));

#[test]
fn one_deadline_covers_all_that_comes_before_the_first_request() {
    let mut conn = Conn::new(TIMES);
    conn.view.opened = false;
    for head_begun in [false, true] {
        conn.view.head_begun = head_begun;
        assert_eq!(conn.next(9), Some((10, Due::Cut(TimeoutKind::FirstRequest))));
    }
}

#[test]
fn the_idle_time_and_the_time_of_a_head_are_limited_apart() {
    let mut conn = Conn::new(TIMES);
    assert_eq!(conn.next(70), Some((75, IDLE)));
    conn.view.head_begun = true;
    assert_eq!(conn.next(72), Some((83, Due::Cut(TimeoutKind::Header))));
    assert_eq!(conn.next(80), Some((83, Due::Cut(TimeoutKind::Header))));
}

#[test]
fn each_head_has_a_time_of_its_own() {
    let mut conn = Conn::new(TIMES);
    conn.view.head_begun = true;
    assert_eq!(conn.next(0), Some((11, Due::Cut(TimeoutKind::Header))));
    conn.view.head_begun = false;
    conn.view.in_flight = true;
    assert_eq!(conn.next(1), None);
    conn.view.head_begun = true;
    conn.view.in_flight = false;
    assert_eq!(conn.next(20), Some((31, Due::Cut(TimeoutKind::Header))));
}

#[test]
fn a_request_in_flight_is_not_limited() {
    let mut conn = Conn::new(TIMES);
    conn.view.in_flight = true;
    assert_eq!(conn.next(1_000), None);
}

#[test]
fn a_peer_that_reads_starts_the_time_for_the_rest_anew() {
    let mut conn = Conn::new(TIMES);
    conn.view.in_flight = true;
    conn.view.blocked = true;
    assert_eq!(conn.next(5), Some((35, Due::Cut(TimeoutKind::Write))));
    assert_eq!(conn.next(20), Some((35, Due::Cut(TimeoutKind::Write))));
    conn.view.progress += 1;
    assert_eq!(conn.next(25), Some((55, Due::Cut(TimeoutKind::Write))));
    conn.view.blocked = false;
    assert_eq!(conn.next(30), None);
    conn.view.blocked = true;
    assert_eq!(conn.next(40), Some((70, Due::Cut(TimeoutKind::Write))));
}

#[test]
fn a_connection_is_idle_once_the_peer_has_read_the_response() {
    let mut conn = Conn::new(TIMES);
    conn.view.blocked = true;
    assert_eq!(conn.next(0), Some((30, Due::Cut(TimeoutKind::Write))));
    conn.view.blocked = false;
    assert_eq!(conn.next(25), Some((100, IDLE)));
    assert_eq!(conn.next(40), Some((100, IDLE)));
}

#[test]
fn the_age_is_announced_and_requests_in_flight_then_have_the_grace() {
    let mut conn = Conn::new(Times { age: Some(seconds(60)), grace: Some(seconds(5)), ..TIMES });
    conn.view.in_flight = true;
    assert_eq!(conn.next(1), Some((60, AGE)));
    conn.happens(AGE, 61);
    assert_eq!(conn.next(61), Some((66, Due::Cut(TimeoutKind::Grace))));
    conn.view.in_flight = false;
    assert_eq!(conn.next(62), Some((75, IDLE)));
}

#[test]
fn without_a_grace_requests_in_flight_at_the_age_are_awaited() {
    let mut conn = Conn::new(Times { age: Some(seconds(60)), ..TIMES });
    conn.view.in_flight = true;
    conn.happens(AGE, 60);
    assert_eq!(conn.next(10_000), None);
}

#[test]
fn the_end_is_announced_once_the_last_request_has_begun() {
    let mut conn = Conn::new(Times { requests: Some(2), ..TIMES });
    conn.view.in_flight = true;
    assert_eq!(conn.next(1), None);
    conn.view.requests = 2;
    let (at, due) = conn.next(1).unwrap();
    assert_eq!((at <= 1, due), (true, Due::Announce(None)));
    conn.happens(due, 1);
    assert_eq!(conn.next(1), None);
}

#[test]
fn a_peer_has_the_time_of_a_ping_to_answer_a_goaway() {
    let mut conn = Conn::new(TIMES);
    conn.happens(IDLE, 75);
    conn.goaway(75);
    assert_eq!(conn.next(75), Some((87, Due::Cut(TimeoutKind::Ping))));
}

#[test]
fn requests_in_flight_at_a_goaway_end_first() {
    let mut conn = Conn::new(TIMES);
    conn.view.in_flight = true;
    conn.goaway(10);
    assert_eq!(conn.next(10), None);
    conn.view.in_flight = false;
    conn.view.idle_since = conn.start + seconds(50);
    assert_eq!(conn.next(50), Some((62, Due::Cut(TimeoutKind::Ping))));
}

#[test]
fn a_connection_that_closes_itself_is_not_idle_again() {
    // hyper finishes an HTTP/1 connection, which may still read the body of the last request.
    let mut conn = Conn::new(TIMES);
    conn.happens(IDLE, 75);
    assert_eq!(conn.next(75), None);
}

#[test]
fn the_earliest_of_several_limits_is_due() {
    let mut conn = Conn::new(Times { age: Some(seconds(40)), ..TIMES });
    conn.view.blocked = true;
    assert_eq!(conn.next(0), Some((30, Due::Cut(TimeoutKind::Write))));
    assert_eq!(conn.next(20), Some((30, Due::Cut(TimeoutKind::Write))));
    conn.view.progress += 1;
    assert_eq!(conn.next(29), Some((40, AGE)));
}

#[test]
fn the_longest_time_limits_do_not_overflow() {
    let longest = Duration::MAX;
    let times = Times {
        first_request: longest,
        header: longest,
        idle: longest,
        write: longest,
        age: Some(longest),
        grace: Some(longest),
        answer: longest,
        requests: Some(u64::MAX),
    };
    let mut conn = Conn::new(times);
    conn.view.blocked = true;
    conn.view.in_flight = true;
    assert!(conn.next(0).unwrap().0 > 1_000_000);
    conn.happens(AGE, 0);
    conn.goaway(0);
    assert!(conn.next(0).unwrap().0 > 1_000_000);
}
