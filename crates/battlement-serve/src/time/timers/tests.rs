//! The timers of a connection whose marks change while no slow look is taken.

use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::time::advance;

use super::*;
use crate::{Limits, ServerHandle, TimeoutKind, config::Config, drain::CutOff, observe::Observer};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A connection with an idle time below the deadline of its first request.
struct Conn {
    state: State,
    timers: Timers,
}

impl Conn {
    fn new() -> Self {
        let limits = Limits::new().first_request(seconds(60)).idle(seconds(20)).header(seconds(5));
        let config = Config {
            limits,
            phases: None,
            observer: Observer::default(),
            cut_off: CutOff::default(),
            admit: crate::admit::Admit::default(),
            acceptor: crate::transport::Acceptor::default(),
            aborted: crate::report::Aborted::default(),
        };
        let open = ServerHandle::default().add(&Arc::from("test"));
        let state = State::new(Arc::new(config), open, Instant::now());
        let timers = Timers::new(&state);
        Self { state, timers }
    }

    /// Looks at the limits as after a poll of the connection, and returns whether it will not look again soon.
    async fn settles(&mut self) -> bool {
        let waits = poll_fn(|cx| Poll::Ready(self.timers.poll(cx, &self.state).is_pending())).await;
        assert!(waits, "a limit is due");
        self.timers.settled
    }

    /// Returns what is due next, and the age of the connection then.
    async fn due(&mut self) -> (Due, Duration) {
        let due = poll_fn(|cx| self.timers.poll(cx, &self.state)).await;
        (due, self.state.accepted.elapsed())
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_settles_during_a_request_is_closed_after_its_idle_time() {
    let mut conn = Conn::new();
    assert!(!conn.settles().await, "the first request has not arrived");
    conn.state.marks.begin(false);
    while !conn.settles().await {}
    advance(seconds(7)).await;
    conn.state.marks.end();
    assert!(conn.settles().await);
    let (due, age) = conn.due().await;
    assert_eq!((due, age.as_secs()), (Due::Finish(TimeoutKind::Idle), 27));
}

#[tokio::test(start_paused = true)]
async fn each_head_that_begins_on_a_settled_connection_has_its_time() {
    let mut conn = Conn::new();
    conn.state.marks.begin(false);
    conn.state.marks.end();
    while !conn.settles().await {}
    for _ in 0..2 {
        advance(seconds(3)).await;
        conn.state.marks.read(b"GET / HT");
        assert!(!conn.settles().await, "the rest of a head is awaited");
        advance(seconds(4)).await;
        conn.state.marks.begin(false);
        conn.state.marks.end();
        while !conn.settles().await {}
    }
    conn.state.marks.read(b"GET / HT");
    let (due, age) = conn.due().await;
    assert_eq!((due, age.as_secs()), (Due::Cut(TimeoutKind::Header), 19));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_on_a_settled_connection_is_cut() {
    let mut conn = Conn::new();
    conn.state.marks.begin(false);
    while !conn.settles().await {}
    conn.state.marks.write_blocked();
    assert!(!conn.settles().await, "the peer reads nothing");
    let (due, age) = conn.due().await;
    assert_eq!((due, age.as_secs()), (Due::Cut(TimeoutKind::Write), 30));
}
