//! Models of every interleaving of two or three threads.

use std::{sync::Arc, time::Duration};

use battlement_core::CheckState;
use loom::thread;
use tokio::time::Instant;

use super::Board;
use crate::{
    CheckKind, Probe, Status, Summary,
    beat::{Beat, Late},
    probe::Probes,
    registry::{NewEntry, Source},
};

const EVERY: Duration = Duration::from_secs(10);

fn add(board: &Board, now: Instant, name: &'static str, probes: Probes, source: Source) -> u64 {
    let new = NewEntry { name: name.into(), kind: CheckKind::Gate, probes, source };
    board.update(|| now, |entries, now| entries.add(new, now)).unwrap()
}

#[test]
fn the_summary_is_that_of_the_last_change_from_any_thread() {
    let now = Instant::now();
    loom::model(move || {
        let board = Arc::new(Board::new(now, None));
        let gates = ["a", "b"].map(|name| {
            let closed = Source::Set(CheckState::fail("closed"));
            add(&board, now, name, Probes::READY_AND_STARTUP, closed)
        });
        let threads = gates.map(|gate| {
            let board = Arc::clone(&board);
            let open = move || {
                board.update(|| now, |entries, _| entries.set(gate, CheckState::pass("open")))
            };
            thread::spawn(open)
        });
        if board.summary.load().ready == Status::Pass {
            let gates = board.amend(|entries| entries.checks(now));
            assert!(gates.iter().all(|gate| gate.status == Status::Pass), "{gates:?}");
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(board.summary.load_at(now), Some(Summary::PASS));
        assert_eq!(*board.watch.borrow(), Summary::PASS);
    });
}

#[test]
fn a_beat_that_is_overdue_when_it_comes_makes_liveness_pass() {
    let start = Instant::now();
    loom::model(move || {
        let board = Arc::new(Board::new(start, None));
        let overdue = Arc::new(|_| CheckState::fail("overdue"));
        let late = Late { grace: Duration::ZERO, state: overdue };
        let beat = Arc::new(Beat::new(EVERY, late, start));
        let source = Source::Beats { beat: Arc::clone(&beat), critical: true };
        add(&board, start, "job", Probes::LIVE, source);
        let now = start + EVERY;
        let job = thread::spawn({
            let (board, beat) = (Arc::clone(&board), Arc::clone(&beat));
            move || {
                if beat.beat(now) {
                    board.update(|| now, |_, _| {});
                }
            }
        });
        // A probe, as in `Registry::summary`.
        if board.summary.load_at(now).is_none() {
            board.update(|| now, |_, _| {});
        }
        job.join().unwrap();
        let summary = board.summary.load_at(now);
        assert_eq!(summary.map(|summary| summary.status(Probe::Live)), Some(Status::Pass));
    });
}

#[test]
fn transitions_of_two_threads_are_all_delivered_and_in_order() {
    let now = Instant::now();
    loom::model(move || {
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let board = Arc::new(Board::new(now, Some(Arc::new(Told(Arc::clone(&told))))));
        let gate = add(&board, now, "a", Probes::READY, Source::Set(CheckState::pass("open")));
        let close = move |board: &Board, state| {
            board.update(|| now, |entries, _| entries.set(gate, state));
        };
        let thread = thread::spawn({
            let board = Arc::clone(&board);
            move || close(&board, CheckState::fail("closed"))
        });
        close(&board, CheckState::degraded("half"));
        thread.join().unwrap();
        let told = told.lock().unwrap();
        let in_order = told.windows(2).all(|pair| pair[0].1 == pair[1].0);
        assert!(told.len() == 2 && in_order, "{told:?}");
        assert_eq!(told[1].1, board.summary.load().ready);
    });
}

/// An observer that keeps what each transition came from and led to.
struct Told(Arc<std::sync::Mutex<Vec<(Status, Status)>>>);

impl crate::Observe for Told {
    fn on_transition(&self, transition: &crate::Transition) {
        self.0.lock().unwrap().push((transition.from.unwrap(), transition.to));
    }
}
