//! Models of every interleaving of two threads, with a window of two buckets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use loom::thread;

use super::{Class, Streak, Window, counter::Counter};

/// Runs `other` in a second thread and `one` in the first, then `check`.
fn race<T: Default + Send + Sync + 'static>(
    one: fn(&T),
    other: fn(&T),
    check: impl Fn(&T) + Send + Sync + 'static,
) {
    loom::model(move || {
        let shared = Arc::new(T::default());
        let theirs = Arc::clone(&shared);
        let thread = thread::spawn(move || other(&theirs));
        one(&shared);
        thread.join().unwrap();
        check(&shared);
    });
}

#[test]
fn results_in_one_bucket_are_all_counted() {
    let twice = |counter: &Counter| (0..2).for_each(|_| counter.add(0, 3));
    race(twice, twice, |counter| assert_eq!(counter.sum(0, 3), 4));
}

#[test]
fn no_count_is_lost_at_the_turn_of_a_bucket() {
    // Slot 5 takes the bucket of slot 3.
    let turn = |counter: &Counter| [3, 5].into_iter().for_each(|slot| counter.add(0, slot));
    let late = |counter: &Counter| counter.add(0, 5);
    race(turn, late, |counter| {
        // The result of slot 3 is replaced, or counts in the bucket that another thread has turned.
        assert!([2, 3].contains(&counter.sum(0, 5)), "{}", counter.sum(0, 5));
    });
}

#[test]
fn a_result_of_an_older_generation_is_not_added_to_a_newer_one() {
    race(
        |counter: &Counter| counter.add(7, 4),
        |counter: &Counter| (0..2).for_each(|_| counter.add(8, 4)),
        |counter| assert_eq!(counter.sum(8, 4), 2),
    );
}

#[test]
fn results_of_two_classes_are_both_counted() {
    race(
        |window: &Window| window.record(Class::Success, 0, 0),
        |window: &Window| window.record(Class::Server, 0, 0),
        |window| assert_eq!((window.counts(0, 0).success, window.counts(0, 0).server), (1, 1)),
    );
}

#[test]
fn failures_in_a_row_are_all_counted_and_a_success_ends_them() {
    let fail = |streak: &Streak| {
        streak.fail(1);
    };
    race(fail, fail, |streak| assert_eq!(streak.count(1), 2));
    race(fail, |streak: &Streak| streak.end(1), |streak| assert!(streak.count(1) <= 1));
    race(fail, |streak: &Streak| streak.end(0), |streak| assert_eq!(streak.count(1), 1));
}
